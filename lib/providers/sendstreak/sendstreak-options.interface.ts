import type { AddressInput } from '../../mail/mail-options.interface.js';
import type { HttpTransportOptions } from '../../transport/http/http-settings.js';

/** What every call to SendStreak takes. */
export interface SendStreakClientOptions extends HttpTransportOptions {
  /** An API key of your SendStreak account. */
  key: string;
}

/** The options of a `SendStreakTransport`; as a URL, `sendstreak+api://KEY@default?template=relay`. */
export interface SendStreakTransportOptions extends SendStreakClientOptions {
  /** The slug of the template that rendered mails go through: its subject is `{{subject}}`, its body `{{{html}}}`. */
  template?: string;
  /** The sender that is set in SendStreak. Mails from anybody else are then refused: SendStreak would send them as this one. */
  from?: AddressInput;
}
