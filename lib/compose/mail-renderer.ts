import { MailMessageError } from '../errors/mail-message.error.js';
import { MailTemplateError } from '../errors/mail-template.error.js';
import { checkHeaders, checkLine } from '../mail/headers.js';
import { htmlToString, isSafeHtml } from '../mail/html.js';
import type { BufferedAttachment } from '../mail/mail-attachment.js';
import type { MailContent } from '../mail/mailable.interface.js';
import type { MailBody, MailSnapshot, SnapshotContent } from '../mail/mail-snapshot.interface.js';
import { snapshotValue } from '../mail/snapshot-value.js';
import type { RenderedTemplate, TemplateEngine } from '../template/template-engine.js';
import { textFromHtml } from '../template/text-from-html.js';
import { readAttachments } from './read-attachment.js';

/** The words of one mail, ready for the message. */
export interface RenderedMail {
  subject: string;
  html?: string;
  text?: string;
  /** What the words brought with them: embedded images, a Mailable's attachments. */
  attachments: readonly BufferedAttachment[];
  /** A Mailable's own. */
  headers?: Readonly<Record<string, string>>;
}

/** Where an explicit subject stands before the words' own. */
type Subject = { readonly text: string; readonly literal: boolean } | undefined;

type FilledTemplate = RenderedTemplate & { subject: string };

/** A template with all that fills it. */
interface Filling {
  readonly template: string;
  readonly context: object;
  readonly layout?: string | false;
  readonly locale?: string;
  readonly subject?: Subject;
}

/** What a template needs to know of its mail. */
export type RenderedFor = Pick<MailSnapshot, 'locale'> & Pick<MailBody, 'unsubscribeUrl'>;

/** What renders; the engine may come later, with a feature's folder. */
export interface Templates {
  readonly engine: TemplateEngine | undefined;
  /** Renders a text that is a template itself. */
  readonly subjects: {
    renderString(source: string, context: object, where: string, options: { locale?: string }): string;
  };
}

/** Makes words of content; the same in `send()`, where it shows mistakes, and in the worker. */
export class MailRenderer {
  readonly #templates: Templates;

  constructor(templates: Templates) {
    this.#templates = templates;
  }

  get hasTemplates(): boolean {
    return this.#templates.engine !== undefined;
  }

  /** @throws MailTemplateError, MailMessageError */
  async render(content: Exclude<SnapshotContent, { kind: 'mailable' }>, mail: RenderedFor): Promise<RenderedMail> {
    if (content.kind === 'raw') return { subject: content.subject, attachments: [] };
    if (content.kind === 'inline') return { ...withText(content), subject: content.subject, attachments: [] };
    return this.#complete(await this.#fill(filling(content, mail)), content.template);
  }

  /** Renders for its errors only; a promise where the engine gives one. @throws MailTemplateError, MailMessageError */
  check(content: Exclude<SnapshotContent, { kind: 'mailable' }>, mail: RenderedFor): unknown {
    return content.kind === 'template' ? this.#fill(filling(content, mail)) : undefined;
  }

  /** What a Mailable gave. Its own subject is literal and wins over the one of `@Mail`; that of the options wins over both. */
  async renderContent(content: MailContent, defaults: MailableDefaults): Promise<RenderedMail> {
    checkContent(content, defaults.name);
    const own: Subject = content.subject === undefined ? undefined : { text: content.subject, literal: true };
    const subject = defaults.subject?.literal ? defaults.subject : (own ?? defaults.subject);
    const written = content.html !== undefined || content.text !== undefined;
    const template = content.template ?? (written ? undefined : defaults.template);
    const context = withUnsubscribeUrl(content.context ?? {}, defaults.unsubscribeUrl);
    const words =
      template === undefined
        ? {
            ...withText(bodiesOf(content)),
            subject: this.#subject(subject, undefined, context, defaults.name, defaults.locale),
            attachments: [],
          }
        : await this.#complete(
            await this.#fill({ template, context, layout: defaults.layout, locale: defaults.locale, subject }),
            template,
          );
    const attachments = [...words.attachments, ...(await readAttachments(content.attachments, 'attachments'))];
    return { ...words, attachments, ...(content.headers && { headers: checkHeaders(content.headers) }) };
  }

  #fill({ template, context, layout, locale, subject }: Filling): FilledTemplate | Promise<FilledTemplate> {
    const { engine } = this.#templates;
    if (!engine) {
      throw new MailTemplateError(
        template,
        'no templates are configured; name their folder, RelayModule.forRoot({ templates: { dir } })',
      );
    }
    const given = subject && this.#subject(subject, undefined, context, template, locale);
    const withSubject = (words: RenderedTemplate): FilledTemplate => ({
      ...words,
      subject: given ?? this.#subject(undefined, words.subject, context, template),
    });
    // The subject is for `{{@subject}}` in layouts.
    const words = engine.render(template, context, { locale, layout, ...(given !== undefined && { subject: given }) });
    return 'then' in words ? words.then(withSubject) : withSubject(words);
  }

  async #complete(words: FilledTemplate, template: string): Promise<RenderedMail> {
    const attachments = words.attachments?.length ? await readAttachments(words.attachments, template) : [];
    return { ...withText(words), subject: words.subject, attachments };
  }

  #subject(given: Subject, own: string | undefined, context: object, where: string, locale?: string): string {
    const text =
      given && !given.literal
        ? this.#templates.subjects.renderString(given.text, context, `subject of ${where}`, { locale })
        : (given?.text ?? own);
    if (text === undefined) {
      throw new MailMessageError(
        'subject',
        `${where} has none: give it to send(), to @Mail(), or as front matter of the template`,
      );
    }
    return checkLine(text, 'subject');
  }
}

/** What `@Mail` and the options say of a Mailable. */
export interface MailableDefaults {
  name: string;
  template?: string;
  layout?: string | false;
  locale?: string;
  unsubscribeUrl?: string;
  subject?: { readonly text: string; readonly literal: boolean };
}

function filling(content: SnapshotContent & { kind: 'template' }, { locale, unsubscribeUrl }: RenderedFor): Filling {
  return { ...content, context: withUnsubscribeUrl(content.context, unsubscribeUrl), locale };
}

/** A variable of that name of the mail's own wins. */
function withUnsubscribeUrl(context: object, unsubscribeUrl: string | undefined): object {
  if (unsubscribeUrl === undefined || 'unsubscribeUrl' in context) return context;
  const prototype = Object.getPrototypeOf(context) as object | null;
  // An instance's getters are read from the instance.
  const plain = prototype === null || prototype === Object.prototype;
  return { unsubscribeUrl, ...(plain ? context : (snapshotValue(context, 'context') as object)) };
}

/** What a `render()` without types may give. */
function checkContent(content: unknown, name: string): void {
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new MailMessageError(
      'render',
      `${name}.render() gave ${String(content)}; it gives { template, context }, { html } or { text }, or null to cancel`,
    );
  const unknown = Object.keys(content).find((key) => !CONTENT.has(key));
  if (unknown)
    throw new MailMessageError(
      `render.${unknown}`,
      `${name}.render() gave what is no part of a mail; known are ${[...CONTENT].join(', ')}`,
    );
  const { html, text, subject } = content as MailContent;
  if (html !== undefined && typeof html !== 'string' && !isSafeHtml(html))
    throw new MailMessageError('render.html', `of ${name} is no string`);
  for (const [field, value] of Object.entries({ text, subject })) {
    if (value !== undefined && typeof value !== 'string')
      throw new MailMessageError(`render.${field}`, `of ${name} is no string`);
  }
}

const CONTENT: ReadonlySet<string> = new Set([
  'subject',
  'html',
  'text',
  'template',
  'context',
  'attachments',
  'headers',
] satisfies (keyof MailContent)[]);

function bodiesOf({ html, text }: MailContent): { html?: string; text?: string } {
  return { ...(html !== undefined && { html: htmlToString(html) }), ...(text !== undefined && { text }) };
}

/** Every HTML mail has a text too: RFC 2046 section 5.1.4. */
function withText({ html, text }: { html?: string; text?: string }): { html?: string; text?: string } {
  if (html === undefined) return { text: text ?? '' };
  return { html, text: text ?? textFromHtml(html) };
}
