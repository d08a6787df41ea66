import type { SmtpAuth, SmtpTransportOptions } from '../../transport/smtp/smtp-transport-options.interface.js';

/** What both ways take beside their own. */
type CommonOptions = Omit<SmtpTransportOptions, 'host' | 'auth' | 'authMethod' | 'name'> & {
  /** Another host, for tests. */
  host?: string;
};

/** The SMTP relay of an organisation: `smtp-relay.gmail.com`. In a URL: `google-workspace://relay?name=acme.test`. */
export interface GoogleRelayOptions extends CommonOptions {
  mode: 'relay';
  /** The name that we greet with: a domain of yours. The relay refuses any other. */
  name: string;
  /** Default none: the relay knows us by our IP address. */
  auth?: SmtpAuth;
}

/** The mailbox of one user: `smtp.gmail.com`. In a URL: `google-workspace://user%40acme.test:APPPASSWORD@account`. */
export interface GoogleAccountOptions extends CommonOptions {
  mode: 'account';
  /** The user's address, with an app password, or with a token: `googleServiceAccountToken()`, `googleRefreshToken()` or your own. */
  auth: SmtpAuth;
  /** The name that we greet with. Default the machine's. */
  name?: string;
}

/** The options of a `GoogleWorkspaceTransport`. */
export type GoogleWorkspaceTransportOptions = GoogleRelayOptions | GoogleAccountOptions;
