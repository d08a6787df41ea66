import type { MailMessage } from '../../mail/mail-message.interface.js';
import { withHeaders } from '../../mime/with-headers.js';
import { secretOf } from '../../transport/http/http-settings.js';
import type { SendContext, SenderIdentity, TransportResult } from '../../transport/mail-transport.js';
import { SmtpTransport } from '../../transport/smtp/smtp.transport.js';
import { postmarkExtras } from './postmark-extras.interface.js';
import type { PostmarkSmtpTransportOptions } from './postmark-options.interface.js';
import { POSTMARK_DOMAIN } from './postmark.sender-domain.js';
import { type ChooseStream, streamChoice } from './postmark-stream.js';

/**
 * Sends through Postmark's SMTP servers: https://postmarkapp.com/developer/user-guide/send-email-with-smtp. What Postmark has against a
 * message comes back as a bounce of type `SMTPApiError`, since it takes every message first: the API says it at once.
 *
 * @example
 * new PostmarkSmtpTransport({ token: process.env.POSTMARK_TOKEN! })
 */
export class PostmarkSmtpTransport extends SmtpTransport {
  override readonly capabilities = { recipients: 50, bytes: 10 * 1024 * 1024, tags: 1 } as const;
  readonly #streamOf: ChooseStream;

  /** @throws RelayConfigurationError */
  constructor({ token, messageStream, host = 'smtp.postmarkapp.com', ...smtp }: PostmarkSmtpTransportOptions) {
    const pass = secretOf('postmark.token', token);
    super({ ...smtp, host, auth: { user: pass, pass } });
    this.#streamOf = streamChoice(messageStream);
  }

  /** @throws SmtpError, or MailMessageError for what cannot stand in a header */
  override async send(message: MailMessage, guard: SendContext): Promise<TransportResult> {
    return super.send(withHeaders(message, postmarkHeaders(message, this.#streamOf(message))), guard);
  }

  override identity(): SenderIdentity {
    return { ...super.identity(), provider: POSTMARK_DOMAIN };
  }

  /** `postmark+smtp://host:port`. */
  override toString(): string {
    return super.toString().replace(/^smtps?:/, 'postmark+smtp:');
  }
}

/** What the API has fields for. */
function postmarkHeaders(message: MailMessage, stream: string | undefined): Record<string, string> {
  const { trackOpens, trackLinks } = postmarkExtras(message);
  const [tag] = message.tags;
  return {
    'X-PM-KeepID': 'true',
    ...(stream !== undefined && { 'X-PM-Message-Stream': stream }),
    ...(tag !== undefined && { 'X-PM-Tag': tag }),
    ...(trackOpens !== undefined && { 'X-PM-TrackOpens': String(trackOpens) }),
    ...(trackLinks !== undefined && { 'X-PM-TrackLinks': trackLinks }),
    ...Object.fromEntries(Object.entries(message.metadata).map(([key, value]) => [`X-PM-Metadata-${key}`, value])),
  };
}
