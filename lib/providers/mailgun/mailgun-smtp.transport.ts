import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import { withHeaders } from '../../mime/with-headers.js';
import type { SendContext, SenderIdentity, TransportResult } from '../../transport/mail-transport.js';
import { SmtpTransport } from '../../transport/smtp/smtp.transport.js';
import type { MailgunRegion, MailgunSmtpTransportOptions } from './mailgun-options.interface.js';
import { MAILGUN_DOMAIN } from './mailgun.sender-domain.js';
import { sendingHeaders } from './mailgun-sending-options.js';
import { domainOf, oneOf } from './mailgun-settings.js';

/**
 * Sends through Mailgun's SMTP servers: https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/send-smtp
 *
 * @example
 * new MailgunSmtpTransport({ user: 'postmaster', pass: process.env.MAILGUN_PASS!, domain: 'mg.acme.test', region: 'eu' })
 */
export class MailgunSmtpTransport extends SmtpTransport {
  override readonly capabilities = { recipients: 1000, bytes: 25 * 1024 * 1024, tags: 3 } as const;

  readonly #domain: string;
  readonly #region: MailgunRegion;

  /** @throws RelayConfigurationError */
  constructor({ user, pass, domain, region = 'us', host, ...smtp }: MailgunSmtpTransportOptions) {
    if (typeof user !== 'string' || user === '')
      throw new RelayConfigurationError('mailgun.user', "must be the login, such as 'postmaster'");
    const login = user.includes('@') ? user : `${user}@${domainOf(domain)}`;
    super({
      ...smtp,
      host: host ?? SERVER[oneOf('mailgun.region', region, ['us', 'eu'])],
      auth: { user: login, pass },
    });
    this.#domain = domainOf(domain);
    this.#region = region;
  }

  /** @throws SmtpError, or MailMessageError for what cannot stand in a header */
  override async send(message: MailMessage, guard: SendContext): Promise<TransportResult> {
    return super.send(withHeaders(message, sendingHeaders(message)), guard);
  }

  override identity(): SenderIdentity {
    return { ...super.identity(), provider: MAILGUN_DOMAIN, domain: this.#domain, region: this.#region };
  }

  /** `mailgun+smtp://host:port`. */
  override toString(): string {
    return super.toString().replace(/^smtps?:/, 'mailgun+smtp:');
  }
}

const SERVER: Readonly<Record<MailgunRegion, string>> = { us: 'smtp.mailgun.org', eu: 'smtp.eu.mailgun.org' };
