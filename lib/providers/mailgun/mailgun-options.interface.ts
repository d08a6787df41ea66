import type { HttpTransportOptions } from '../../transport/http/http-settings.js';
import type { SmtpTransportOptions } from '../../transport/smtp/smtp-transport-options.interface.js';

/** Where the domain lives; a key or a password of one region is unknown in the other. */
export type MailgunRegion = 'us' | 'eu';

/**
 * How a message is handed over:
 *
 * - `mime`: its own bytes, to `/messages.mime`. What is sent is what arrives: headers, their order, inline parts, file names, Message-ID;
 * - `fields`: its parts, to `/messages`; Mailgun makes a message of them.
 */
export type MailgunFormat = 'mime' | 'fields';

/** The options of a `MailgunTransport`; as a URL, `mailgun+api://KEY@DOMAIN?region=eu`. */
export interface MailgunTransportOptions extends HttpTransportOptions {
  /** A sending key of the domain, or the account's API key. */
  key: string;
  /** The sending domain as Mailgun knows it: `mg.acme.test`. */
  domain: string;
  /** Default `us`. */
  region?: MailgunRegion;
  /** Default `mime`. */
  format?: MailgunFormat;
}

/** The options of a `MailgunSmtpTransport`; as a URL, `mailgun+smtp://USER:PASS@DOMAIN`. What is not named here is SMTP's own. */
export interface MailgunSmtpTransportOptions extends Omit<SmtpTransportOptions, 'host' | 'auth' | 'authMethod'> {
  /** The login, without or with its domain: `postmaster`, `postmaster@mg.acme.test`. */
  user: string;
  pass: string;
  domain: string;
  /** Default `us`. */
  region?: MailgunRegion;
  /** Default `smtp.mailgun.org`, or `smtp.eu.mailgun.org`. */
  host?: string;
}
