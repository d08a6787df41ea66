import { MailMessageError } from '../errors/mail-message.error.js';
import { type AttachedMember, attachedMembersOf } from '../mail/attach.decorator.js';
import { checkLine } from '../mail/headers.js';
import { htmlToString, isSafeHtml } from '../mail/html.js';
import type { BufferedAttachment } from '../mail/mail-attachment.js';
import type { MailAttributes } from '../mail/mail.decorator.js';
import type { AttachmentInput, InlineMessage } from '../mail/mail-options.interface.js';
import type { SnapshotContent } from '../mail/mail-snapshot.interface.js';
import { snapshotValue } from '../mail/snapshot-value.js';
import type { MailForm } from './mail-form.js';
import { readAttachments } from './read-attachment.js';

/** Reads a mail once: its values are copied, its attachments read, at once where that is possible. @throws MailMessageError */
export function readContent(form: MailForm): {
  content: SnapshotContent;
  attachments: BufferedAttachment[] | Promise<BufferedAttachment[]>;
} {
  const members = form.kind === 'instance' ? attachedBy(form.mail) : [];
  const inputs = [...members, ...asArray(form.options.attachments)];
  const content = contentOf(form);
  return { content, attachments: inputs.length === 0 ? [] : readAttachments(inputs, 'attachments') };
}

function contentOf(form: MailForm): SnapshotContent {
  if (form.kind === 'inline') return inlineContent(form.options);
  const subject = subjectOf(form);
  if (form.kind === 'mailable') return { kind: 'mailable', data: snapshotValue(form.options.data, 'data'), ...subject };
  const { template, layout } = form.attributes;
  if (template === undefined)
    throw new MailMessageError(
      '@Mail.template',
      `is missing on ${form.mail.constructor.name}, which has no render() either`,
    );
  const attached = new Set(attachedMembersOf(Object.getPrototypeOf(form.mail) as object).map(({ key }) => key));
  const context = snapshotValue(form.mail, 'context', attached) as object;
  return { kind: 'template', template, ...(layout !== undefined && { layout }), context, ...subject };
}

function inlineContent(message: Partial<InlineMessage>): SnapshotContent {
  const { subject, html, text, template, context } = message;
  if (template === undefined) {
    if (subject === undefined) throw new MailMessageError('subject', 'is missing');
    if (context !== undefined) throw new MailMessageError('context', 'is for a template; name one, or leave it out');
    return {
      kind: 'inline',
      subject: checkLine(subject, 'subject'),
      ...htmlText('html', html),
      ...htmlText('text', text),
    };
  }
  if (typeof template !== 'string') throw new MailMessageError('template', "is a template's name, a string");
  if (html !== undefined || text !== undefined)
    throw new MailMessageError(html === undefined ? 'text' : 'html', 'cannot go with `template`');
  if (context !== undefined && (typeof context !== 'object' || context === null))
    throw new MailMessageError('context', 'is an object');
  const literal = subject === undefined ? {} : { subject: { text: checkLine(subject, 'subject'), literal: true } };
  return { kind: 'template', template, context: snapshotValue(context ?? {}, 'context') as object, ...literal };
}

/** Options win over `@Mail`. Only the text in `@Mail` is a template: what a function made may hold a stranger's words. */
function subjectOf(form: Exclude<MailForm, { kind: 'inline' }>): { subject?: { text: string; literal: boolean } } {
  if (form.options.subject !== undefined)
    return { subject: { text: checkLine(form.options.subject, 'subject'), literal: true } };
  const { subject } = form.attributes as MailAttributes<object>;
  if (subject === undefined) return {};
  if (typeof subject !== 'function') return { subject: { text: subject, literal: false } };
  const made = form.kind === 'instance' ? subject(form.mail as never) : '';
  return { subject: { text: checkLine(made, '@Mail.subject'), literal: true } };
}

function htmlText<K extends 'html' | 'text'>(name: K, value: unknown): { [P in K]?: string } {
  if (value === undefined) return {};
  if (typeof value !== 'string' && !(name === 'html' && isSafeHtml(value)))
    throw new MailMessageError(name, `is a ${typeof value}; give a string`);
  return { [name]: htmlToString(value as string).toWellFormed() } as { [P in K]?: string };
}

/** What `@Attach` and `@Inline` members give: an attachment, bare content, or nothing. */
function attachedBy(mail: object): AttachmentInput[] {
  return attachedMembersOf(Object.getPrototypeOf(mail) as object).flatMap((member) => {
    const value = (mail as Record<string | symbol, unknown>)[member.key];
    const given: unknown = typeof value === 'function' ? (value as () => unknown).call(mail) : value;
    return given === undefined || given === null ? [] : [attachmentOf(given, member)];
  });
}

function attachmentOf(given: unknown, { key, ...defaults }: AttachedMember): AttachmentInput {
  if (typeof given === 'object' && given !== null && 'then' in given)
    throw new MailMessageError(String(key), 'gives a promise; a mail is read at once');
  const bare =
    typeof given === 'string' ||
    given instanceof Uint8Array ||
    (typeof given === 'object' && given !== null && 'pipe' in given);
  const attachment = (bare ? { content: given } : given) as AttachmentInput;
  return { ...definedOf(defaults), ...definedOf(attachment) };
}

function definedOf(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

function asArray(attachments: unknown): AttachmentInput[] {
  if (attachments === undefined) return [];
  if (!Array.isArray(attachments)) throw new MailMessageError('attachments', 'is an array');
  return attachments as AttachmentInput[];
}
