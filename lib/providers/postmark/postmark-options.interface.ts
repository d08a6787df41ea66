import type { HttpTransportOptions } from '../../transport/http/http-settings.js';
import type { SmtpTransportOptions } from '../../transport/smtp/smtp-transport-options.interface.js';

/** What both ways to Postmark take. */
export interface PostmarkAccount {
  /** The API token of a Postmark server: Servers, API Tokens. `POSTMARK_API_TEST` has mails checked and not sent. */
  token: string;
  /**
   * The ID of a message stream, or one for each of the relay's streams: `{ broadcast: 'broadcasts' }`. Default Postmark's own, `outbound`.
   * https://postmarkapp.com/developer/api/message-streams-api
   */
  messageStream?: string | Readonly<Record<string, string>>;
}

/** The options of a `PostmarkTransport`; as a URL, `postmark+api://TOKEN@default?messageStream=outbound`. */
export interface PostmarkTransportOptions extends PostmarkAccount, HttpTransportOptions {}

/** The options of a `PostmarkSmtpTransport`; as a URL, `postmark+smtp://TOKEN@default`. What is not named here is SMTP's own. */
export interface PostmarkSmtpTransportOptions
  extends PostmarkAccount, Omit<SmtpTransportOptions, 'host' | 'auth' | 'authMethod'> {
  /** Default `smtp.postmarkapp.com`; broadcast streams have `smtp-broadcasts.postmarkapp.com`. */
  host?: string;
}
