import type { Type } from '@nestjs/common';
import { MailTemplateError } from '../../errors/mail-template.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import { mailAttributesOf, mailNameOf } from '../../mail/mail.decorator.js';
import { previewedClasses, previewsOf } from '../../mail/mail-preview.decorator.js';
import { HandlebarsTemplateEngine } from '../../template/handlebars.template-engine.js';
import { ConsoleRejectedError } from '../http/console-rejected.error.js';
import type { RelayAccess } from '../relay-access.js';

/** A mail with its samples. */
export interface PreviewedMail {
  readonly mail: string;
  readonly previews: readonly { readonly id: string; readonly name: string; readonly locales: readonly string[] }[];
}

/** Why a preview could not be rendered. */
export interface PreviewError {
  readonly message: string;
  readonly template?: string;
  readonly line?: number;
  readonly column?: number;
}

/** The samples that mail classes give of themselves. */
export class MailPreviews {
  readonly #relay: RelayAccess;

  constructor(relay: RelayAccess) {
    this.#relay = relay;
  }

  list(): PreviewedMail[] {
    return this.#classes()
      .map((type) => ({
        mail: mailNameOf(type),
        previews: previewsOf(type).map(({ key, name }) => ({
          id: idOf(type, key),
          name,
          locales: this.#localesOf(type),
        })),
      }))
      .sort((a, b) => (a.mail < b.mail ? -1 : 1));
  }

  /** @throws ConsoleRejectedError 404; what the sample's own code, its `render()` or its template throws */
  async render(id: string, locale: string | undefined): Promise<MailMessage> {
    for (const type of this.#classes()) {
      const preview = previewsOf(type).find(({ key }) => idOf(type, key) === id);
      if (preview) return this.#render(type, await sampleOf(type, preview.key), locale);
    }
    throw new ConsoleRejectedError(404, 'There is no preview of that name');
  }

  #render(type: Function, given: unknown, locale: string | undefined): Promise<MailMessage> {
    const { mail } = this.#relay;
    const [sample, options] = Array.isArray(given) ? (given as [unknown, object?]) : [given, undefined];
    const chosen = { ...(locale !== undefined && locale !== '' && { locale }) };
    const render = mail.render.bind(mail) as (mail: unknown, options?: object) => Promise<MailMessage>;
    if (typeof sample === 'object' && sample !== null && mailAttributesOf(sample.constructor))
      return render(sample, { ...SOMEBODY, ...options, ...chosen });
    // A Mailable is rendered from its data, and an inline message from itself.
    if (typeof (type.prototype as { render?: unknown }).render === 'function')
      return render(type, { ...SOMEBODY, ...(sample as object), ...chosen });
    return render({ ...SOMEBODY, ...(sample as object), ...chosen });
  }

  #classes(): Function[] {
    const all = new Set<Function>([...previewedClasses(), ...this.#relay.mails.types]);
    return [...all].filter((type) => mailAttributesOf(type) && previewsOf(type).length > 0);
  }

  /** Those that there are template files for; empty where only the default is. */
  #localesOf(type: Function): string[] {
    const { engine } = this.#relay.templates;
    const template = mailAttributesOf(type)?.template;
    if (!(engine instanceof HandlebarsTemplateEngine) || template === undefined) return [];
    try {
      return engine.localesOf(template).filter((locale) => locale !== '');
    } catch {
      // The folder is gone: the render says so.
      return [];
    }
  }
}

/** What is shown of an error, as data. */
export function previewErrorOf(error: unknown): PreviewError {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof MailTemplateError)) return { message };
  const { template, line, column } = error;
  return {
    message,
    template,
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
  };
}

const SOMEBODY = { to: 'Ada Lovelace <ada@example.test>' };

function idOf(type: Function, key: string | symbol): string {
  return `${mailNameOf(type)}.${String(key)}`;
}

function sampleOf(type: Function, key: string | symbol): unknown {
  return (type as Type & Record<string | symbol, () => unknown>)[key]!();
}
