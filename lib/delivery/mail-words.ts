import type { MailRenderer, RenderedMail } from '../compose/mail-renderer.js';
import { bufferedAttachment } from '../mail/mail-attachment.js';
import type { MailBody, MailSnapshot, SnapshotAttachment } from '../mail/mail-snapshot.interface.js';
import { decodeValue, encodeValue } from '../mail/snapshot-value.js';
import type { MailableSource } from './mailable-source.interface.js';

export type Words =
  | {
      type: 'words';
      rendered: RenderedMail;
      /** What a Mailable gave for the first time, to be kept. */ content?: string;
    }
  /** A Mailable gave `null`. */
  | { type: 'none' }
  /** No class of that name is known here. */
  | { type: 'unknown' };

/** A mail's words in the worker: rendered from the snapshot, or by the mail itself, once. */
export class MailWords {
  readonly #renderer: MailRenderer;
  readonly #mailables: MailableSource;

  constructor(renderer: MailRenderer, mailables: MailableSource) {
    this.#renderer = renderer;
    this.#mailables = mailables;
  }

  /**
   * @param kept what {@link Words} gave as `content` at an earlier attempt
   * @throws what the mail's own `render()` throws, MailTemplateError, MailMessageError
   */
  async of(
    mail: Omit<MailSnapshot, 'body' | 'attachments'>,
    body: MailBody,
    kept: string | undefined,
    signal: AbortSignal,
  ): Promise<Words> {
    const { content, unsubscribeUrl } = body;
    if (content.kind !== 'mailable')
      return { type: 'words', rendered: await this.#renderer.render(content, { locale: mail.locale, unsubscribeUrl }) };
    if (kept !== undefined) return { type: 'words', rendered: decodeRendered(kept) };
    const found = await this.#mailables.resolve(mail.mail!);
    if (!found) return { type: 'unknown' };
    const { locale, to, tenant } = mail;
    const link = unsubscribeUrl === undefined ? {} : { unsubscribeUrl };
    const given = await found.mailable.render(content.data, {
      locale,
      to,
      tenant,
      metadata: body.metadata,
      signal,
      ...link,
    });
    if (given === null) return { type: 'none' };
    const { template, layout } = found.attributes;
    const rendered = await this.#renderer.renderContent(given, {
      name: mail.mail!,
      template,
      layout,
      locale,
      ...link,
      subject: content.subject,
    });
    return { type: 'words', rendered, content: encodeRendered(rendered) };
  }
}

function encodeRendered({ attachments, ...words }: RenderedMail): string {
  const stored = attachments.map(({ filename, contentType, cid, bytes }) => ({
    filename,
    contentType,
    cid,
    content: Buffer.from(bytes).toString('base64'),
  }));
  return encodeValue({ ...words, attachments: stored });
}

function decodeRendered(text: string): RenderedMail {
  const { attachments, ...words } = decodeValue(text) as Omit<RenderedMail, 'attachments'> & {
    attachments: SnapshotAttachment[];
  };
  return {
    ...words,
    attachments: attachments.map(({ content, ...part }) =>
      bufferedAttachment({ ...part, bytes: Buffer.from(content, 'base64') }),
    ),
  };
}
