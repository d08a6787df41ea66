import type { ConnectionOptions } from 'node:tls';
import type { DkimOptions } from '../../dkim/dkim-options.interface.js';
import type { Duration } from '../../duration.js';

/**
 * Whether the connection is encrypted:
 *
 * - `implicit`: TLS from the first byte, port 465 (RFC 8314 section 3.3);
 * - `required`: STARTTLS, and nothing is sent without it (RFC 3207);
 * - `opportunistic`: STARTTLS where the server can, in clear where it cannot. Such a connection is open to anyone who sits in
 *   between, so its certificate is not checked either, unless `auth` is set;
 * - `never`: in clear.
 */
export type SmtpTls = 'implicit' | 'required' | 'opportunistic' | 'never';

/** How to log in. Secrets are never part of an error, a log line or the transport's printed form. */
export type SmtpAuth =
  | { user: string; pass: string }
  | {
      user: string;
      /**
       * OAuth 2.0. A function is asked at each login (keep the token yourself), and once more when the server refuses it with 535: then
       * it gets the token that was refused. A `MailError` that it throws comes through as it is.
       */
      accessToken: string | ((refused?: string) => string | Promise<string>);
    };

export type SmtpAuthMethod = 'PLAIN' | 'LOGIN' | 'XOAUTH2';

/** How long the server may take; RFC 5321 section 4.5.3.2. */
export interface SmtpTimeouts {
  /** Until the connection stands, proxy included. Default `'30s'`. */
  connect?: Duration;
  /** Until the greeting, and for TLS. Default `'1m'`: the RFC's 5 minutes are for servers that have no other to turn to. */
  greeting?: Duration;
  /** Until the answer to a command, and between two pieces of the message. Default `'5m'`. */
  command?: Duration;
  /** Until the answer to the message. Default `'10m'`: to give up earlier is to risk a duplicate. */
  data?: Duration;
}

/** The options of an `SmtpTransport`. In a URL they go by the same names: `smtp://user:pass@host:587?connections=20&tls=required`. */
export interface SmtpTransportOptions {
  host: string;
  /** Default 587, or 465 with `tls: 'implicit'`. */
  port?: number;
  /** Default `implicit` on port 465, else `required`; `opportunistic` for localhost, 127.0.0.0/8 and ::1. */
  tls?: SmtpTls;
  auth?: SmtpAuth;
  /** Default: what the server offers, PLAIN first; XOAUTH2 with an `accessToken`. */
  authMethod?: SmtpAuthMethod;
  /** Connections at most. Default 5. */
  connections?: number;
  /** Messages over one connection at most. Default no limit. */
  messagesPerConnection?: number;
  /** How long an unused connection is kept. Default `'60s'`. */
  idle?: Duration;
  /** Our own name for EHLO. Default the machine's, or `[127.0.0.1]` when that is not fully qualified. */
  name?: string;
  /** The local IP address to connect from. */
  localAddress?: string;
  /** `http://`, `https://` (CONNECT) or `socks5://` (the proxy resolves the host), with `user:pass@` where it wants them. */
  proxy?: string;
  /** For `tls.connect`: `ca`, `servername`, a client's `key` and `cert`. Certificates are verified unless `rejectUnauthorized` is `false`. */
  tlsOptions?: ConnectionOptions;
  timeouts?: SmtpTimeouts;
  /** Signs every message; several keys give several signatures. A message that cannot be signed is not sent. */
  dkim?: DkimOptions | readonly DkimOptions[];
  /** A signer of your own: gets the message as it would be sent, returns it signed. After `dkim`, when both are given. */
  sign?: (raw: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}
