import type { ConnectionOptions } from 'node:tls';
import type { DkimOptions } from '../../dkim/dkim-options.interface.js';
import type { DnsOptions } from '../../dns/dns-options.interface.js';
import type { DnsResolver } from '../../dns/dns-resolver.interface.js';
import type { Duration } from '../../duration.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import type { Rate } from '../rate.js';
import type { SmtpTimeouts } from '../smtp/smtp-transport-options.interface.js';

/**
 * How connections to a recipient's server are encrypted where neither DANE nor MTA-STS says so:
 *
 * - `opportunistic`: TLS where the server can, whatever its certificate, in clear where it cannot (RFC 7435);
 * - `required`: TLS, whatever the certificate, or the mail waits;
 * - `verified`: TLS with a certificate for the server's name, or the mail waits;
 * - `never`: in clear.
 */
export type DirectTls = 'opportunistic' | 'required' | 'verified' | 'never';

/** A local address that mails go out from. */
export interface DirectAddress {
  /** An IP address of this machine, or one of each family. */
  address: string | readonly string[];
  /** What it says in EHLO: the name that its PTR record gives (RFC 5321 section 4.1.4). */
  name: string;
  /** Nobody knows the address yet: it sends few mails at first. Default none. */
  warmup?: WarmUp;
}

/** How many recipients a day an address may write to: `start`, times `growth` each day. */
export interface WarmUp {
  /** On the first day: `'50/day'`. */
  start: Rate;
  /** From one day to the next. Default 1.5. */
  growth?: number;
  /** The first day, `'2026-11-01'`, in UTC. Default the day of its first mail; then a week without any mail begins anew. */
  since?: string;
  /** From so many a day on it is warm, and has no limit any more. Default `'1000000/day'`. */
  until?: Rate;
}

/** MTA-STS, RFC 8461. */
export interface MtaStsOptions {
  /** For authorities of your own: as `ca` of `tls.connect`. Default those that Node trusts. */
  ca?: ConnectionOptions['ca'];
  /** Default 443. */
  port?: number;
  /** Keeps policies when the process ends, and shares them. Default in memory only. */
  store?: MtaStsStore;
}

/** Where policies are kept, as texts of this package's own. */
export interface MtaStsStore {
  read(domain: string): Promise<string | undefined>;
  /** @param life milliseconds after which it is of no use any more */
  write(domain: string, text: string, life: number): Promise<void>;
}

export interface DirectDomainOptions {
  /** Connections to each of its servers at most. */
  connections?: number;
  messagesPerConnection?: number;
  tls?: DirectTls;
}

/** The options of a `DirectTransport`. In a URL they go by the same names: `direct://?name=out.acme.test&connections=10`. */
export interface DirectTransportOptions {
  /** Our name for EHLO: a name that leads to the address we send from, and back. Default the machine's, if it is fully qualified. */
  name?: string;
  /** The DNS to ask, or a resolver. Default that of the machine. */
  dns?: DnsOptions | DnsResolver;
  /** Default 25. */
  port?: number;
  /** Connections to one server at most, for all domains that it serves. Default 5. */
  connections?: number;
  /** Connections in all at most. Default 100. */
  maxConnections?: number;
  /** Messages over one connection at most. Default 100. */
  messagesPerConnection?: number;
  /** How long an unused connection is kept. Default `'15s'`: it takes up room at somebody else's. */
  idle?: Duration;
  /** By the recipient's domain. Rates and concurrency over all processes are `perDomain` beside `use`. */
  perDomain?: Record<string, DirectDomainOptions>;
  /** Default `opportunistic`. */
  tls?: DirectTls;
  /** For `tls.connect`: `ca`, `minVersion`, ... What says whom to trust is set by the rules of {@link DirectTls}, MTA-STS and DANE. */
  tlsOptions?: Omit<ConnectionOptions, 'rejectUnauthorized' | 'checkServerIdentity' | 'servername' | 'host' | 'socket'>;
  /** `false`: policies are not looked for. Default `true`. */
  mtaSts?: boolean | MtaStsOptions;
  /** DANE (RFC 7672), where the DNS is validated: see `dns.trustAd`. Default `true`. */
  dane?: boolean;
  /** Our own servers, by name or IP address: they and all that come after them are no way out (RFC 5321 section 5.1). */
  self?: readonly string[];
  /** Allows servers with private and loopback addresses: anybody can write such an address into his MX. Default `false`. */
  allowPrivate?: boolean;
  /** The local addresses to send from. Default whichever the system takes. */
  addresses?: readonly DirectAddress[];
  /** How long to wait when a server greylists us and does not say how long; it doubles with each attempt, up to an hour. Default `'5m'`. */
  greylistDelay?: Duration;
  timeouts?: SmtpTimeouts;
  /** Signs every message; several keys give several signatures. A message that cannot be signed is not sent. */
  dkim?: DkimOptions | readonly DkimOptions[];
  /** A signer of your own: gets the message as it would be sent, returns it signed. After `dkim`, when both are given. */
  sign?: (raw: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  /**
   * The return path of one recipient, so that a bounce names him (VERP); each recipient is a transaction of his own then. Default the
   * mail's, which names the mail where the relay has `bounces`.
   */
  returnPath?: (recipient: string, message: MailMessage) => string;
}
