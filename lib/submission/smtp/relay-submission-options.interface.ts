import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import type { Duration } from '../../duration.js';
import type { SubmissionAuthenticator } from './submission-authenticator.js';

/** A port to listen on. */
export interface SubmissionListener {
  /** 0 for any that is free. */
  port: number;
  /** An address. Default: all, or with `tls: 'none'` the loopback, 127.0.0.1. */
  host?: string;
  /**
   * `implicit`: from the first byte (RFC 8314). `starttls`: users must turn it on before they log in (RFC 3207). `none`: clear; users can log
   * in only over the loopback. Default by the port: 465 `implicit`, 25 and 587 `starttls`, 2525 `none`, others `starttls` where there is a
   * certificate.
   */
  tls?: 'implicit' | 'starttls' | 'none';
}

/** A certificate with its chain, and its key: PEM. */
export interface SubmissionCertificate {
  key: string | Uint8Array;
  cert: string | Uint8Array;
  /** Of an encrypted key. */
  passphrase?: string;
}

export interface SubmissionTls extends SubmissionCertificate {
  /** Other certificates by the server name that the client asks for (SNI). */
  names?: Readonly<Record<string, SubmissionCertificate>>;
}

/** Durations are milliseconds, or a number and a unit: `'5m'`. */
export interface RelaySubmissionOptions {
  listen: readonly SubmissionListener[];
  /** Needed unless every listener is `none`. A function is asked at the start and every hour, so that a renewed certificate is used without a restart. */
  tls?: SubmissionTls | (() => SubmissionTls | Promise<SubmissionTls>);
  /** A class of the application's providers, or an instance. Without it nobody can log in, and `trusted` is needed. */
  authenticator?: Type<SubmissionAuthenticator> | SubmissionAuthenticator;
  /** Networks that need no AUTH, and may send as anybody: `'10.0.0.0/8'`, `'::1'`. Default none. */
  trusted?: readonly string[];
  /** Of a message, in bytes; at most, and by default, 25 MiB. */
  maxSize?: number;
  /** Of a message. Default 100. */
  maxRecipients?: number;
  /** At once, over all listeners. Default 200. */
  maxConnections?: number;
  /** At once from one address (IPv6: one /64 network) that is not trusted. Default 50. */
  maxConnectionsPerAddress?: number;
  /** Bytes of messages that are coming in, of all clients together; more is refused until some are queued. Default 128 MiB. */
  maxBuffered?: number;
  /** Refused commands of one connection, which is then closed. Default 20; a message that was taken sets it back. */
  maxErrors?: number;
  /** Failed logins of one connection, which is then closed. Default 3. */
  maxLoginFailures?: number;
  /** How long a client may be silent. Default `'5m'` (RFC 5321 section 4.5.3.2.7). */
  idleTimeout?: Duration;
  /** From connecting to having logged in; and for the handshake of `implicit` TLS. Default `'1m'`. */
  loginTimeout?: Duration;
  /** From MAIL to the end of the message. Default `'15m'`. */
  messageTimeout?: Duration;
  /** How long messages under way are waited for at shutdown. Default `'30s'`. */
  shutdownTimeout?: Duration;
  /** How the server calls itself, in its greeting and in Received. Default the machine's name. */
  name?: string;
  /** Adds the user's id to Received, as `(Authenticated sender: id)`. Default `false`. */
  traceUser?: boolean;
  /** The name of the relay that takes the mail, where it has one. */
  relay?: string;
}

export interface RelaySubmissionAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  useFactory: (...args: any[]) => RelaySubmissionOptions | Promise<RelaySubmissionOptions>;
}
