import { MailError } from '../errors/mail.error.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { needsSmtpUtf8 } from '../mail/address.js';
import type { MailAddress, MailMessage } from '../mail/mail-message.interface.js';
import { allAttachmentBytes } from '../mime/attachment-bytes.js';
import type { AdapterOptions } from './adapter-options.interface.js';
import { attemptRecipients } from './attempt-recipients.js';
import { amended } from './foreign-error.js';
import { MailTransport, type SendContext, type TransportCapabilities, type TransportResult } from './mail-transport.js';
import { nestMailFailure, nestMailMisfits, nestMailRefusals, nestMailResult } from './nest-mail-outcome.js';

/** A transport of `@nestjs/mail`. */
export interface NestMailTransportLike {
  send(message: never, options: { signal: AbortSignal; idempotencyKey?: string; attempt: number }): Promise<object>;
  verify?(): Promise<void>;
  close?(): void | Promise<void>;
}

/**
 * Sends with a transport of `@nestjs/mail`.
 *
 * @example
 * transport: fromNestMail(new ResendTransport({ apiKey }))
 *
 * @throws RelayConfigurationError for what is no transport
 */
export function fromNestMail(transport: NestMailTransportLike, options: AdapterOptions = {}): NestMailTransport {
  return new NestMailTransport(transport, options);
}

/**
 * Any transport of `@nestjs/mail` as a transport of the relay; that package need not be the one that the application has installed. The
 * message it gets names the recipients of this attempt only.
 *
 * Its errors count as what they say: a refusal over SMTP or HTTP is of the recipient, the message or the transport. A connection that was
 * lost, and an error of no known kind, is `ambiguous`, so that the mail is not handed to another transport, unless it can only have
 * happened before sending.
 */
export class NestMailTransport extends MailTransport {
  declare readonly capabilities?: TransportCapabilities;
  readonly #transport: NestMailTransportLike;
  readonly #classify: AdapterOptions['classify'];
  readonly #name: string;

  /** @throws RelayConfigurationError for what is no transport */
  constructor(transport: NestMailTransportLike, { capabilities, classify }: AdapterOptions = {}) {
    super();
    if (typeof transport?.send !== 'function') {
      throw new RelayConfigurationError(
        'fromNestMail',
        'needs a transport of @nestjs/mail: an object with send(message, options)',
      );
    }
    if (capabilities) this.capabilities = capabilities;
    this.#transport = transport;
    this.#classify = classify;
    this.#name = transport.constructor?.name ?? 'transport';
    if (typeof transport.verify === 'function') this.verify = () => this.#verify();
  }

  /** @throws MailError */
  async send(message: MailMessage, { signal, attempt, idempotencyKey }: SendContext): Promise<TransportResult> {
    const { to } = message.envelope;
    const theirs = await nestMailMessage(message);
    if (signal.aborted)
      throw new MailError(`${this.#name}: the attempt was aborted before`, { code: 'ABORT_ERR', cause: signal.reason });
    try {
      return nestMailResult(
        this.#name,
        to,
        await this.#transport.send(theirs as never, { signal, attempt, idempotencyKey }),
      );
    } catch (error) {
      if (error instanceof MailError) throw error;
      const result = nestMailRefusals(this.#name, to, error) ?? nestMailMisfits(this.#name, to, error);
      if (result) return result;
      throw amended(nestMailFailure(this.#name, error), this.#classify?.(error));
    }
  }

  override async close(): Promise<void> {
    await this.#transport.close?.();
  }

  override toString(): string {
    return `nest-mail:${this.#name}`;
  }

  async #verify(): Promise<void> {
    try {
      await this.#transport.verify!();
    } catch (error) {
      throw amended(nestMailFailure(this.#name, error), { ambiguous: false, ...this.#classify?.(error) });
    }
  }
}

/** The shape of `MailMessage` of `@nestjs/mail`. */
async function nestMailMessage(message: MailMessage): Promise<object> {
  const { from, replyTo, envelope } = message;
  const recipients = attemptRecipients(message);
  const raw = await message.raw();
  const contents = await allAttachmentBytes(message.attachments);
  return Object.freeze({
    messageId: message.messageId,
    date: message.date,
    from,
    replyTo,
    ...recipients,
    subject: message.subject,
    ...(message.html !== undefined && { html: message.html }),
    ...(message.text !== undefined && { text: message.text }),
    attachments: message.attachments.map(({ filename, contentType, cid }, index) => ({
      ...(filename !== undefined && { filename }),
      contentType,
      ...(cid !== undefined && { cid }),
      disposition: cid === undefined ? 'attachment' : 'inline',
      content: Buffer.from(contents[index]!),
    })),
    headers: message.headers,
    ...(message.locale !== undefined && { locale: message.locale }),
    envelope: { from: envelope.from, to: [...envelope.to] },
    internationalized: isInternational([from, ...replyTo, ...Object.values(recipients).flat()]),
    toMime: () => Buffer.from(raw),
  });
}

function isInternational(addresses: readonly MailAddress[]): boolean {
  return addresses.some(({ address }) => needsSmtpUtf8(address));
}
