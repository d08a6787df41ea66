import type { ConnectionOptions } from 'node:tls';
import { type Duration, toMilliseconds } from '../../duration.js';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { refuseUnknown } from '../../refuse-unknown.js';

/** Where bounces and complaints arrive, and how to log in there. */
export interface BounceMailboxOptions {
  host: string;
  /** Default 993, or 143 with `secure: false`. */
  port?: number;
  /** TLS from the first byte, default `true`; `false`: STARTTLS where the server offers it. */
  secure?: boolean;
  /** A password, or a token for XOAUTH2; a function is asked for a new one at each login. */
  auth: { user: string } & ({ pass: string } | { accessToken: string | (() => Promise<string>) });
  /** Default `INBOX`. */
  folder?: string;
  /**
   * What becomes of a report that was read: `seen` (default) marks it as read, `delete` deletes it, `{ move: 'Archive' }` moves it. Other mails
   * stay as they are.
   */
  done?: 'seen' | 'delete' | { move: string };
  /** How often to look where the server does not tell by itself (IDLE, RFC 2177). Default `'5m'`, at least `'1s'`. */
  poll?: Duration;
  tls?: ConnectionOptions;
  /** The relay whose mails the reports are about, where it has a name. */
  relay?: string;
}

/** {@link BounceMailboxOptions} checked. */
export interface BounceMailboxSettings {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly auth: BounceMailboxOptions['auth'];
  readonly folder: string;
  readonly done: 'seen' | 'delete' | { readonly move: string };
  /** Milliseconds. */
  readonly poll: number;
  readonly tls?: ConnectionOptions;
}

/** @throws RelayConfigurationError that names the option, and never a secret */
export function readMailboxOptions(options: BounceMailboxOptions): BounceMailboxSettings {
  if (typeof options !== 'object' || options === null)
    throw new RelayConfigurationError(
      'bounceMailbox',
      "is an object: { host: 'imap.acme.test', auth: { user, pass } }",
    );
  refuseUnknown(options, NAMES, PREFIX);
  const { host, secure = true, port = secure ? 993 : 143, folder = 'INBOX', done = 'seen', auth, tls } = options;
  if (!isText(host)) refuse('host', "is the server's name, such as 'imap.acme.test'");
  if (!Number.isInteger(port) || port < 1 || port > 65_535) refuse('port', 'is a port from 1 to 65535');
  if (!isText(folder)) refuse('folder', "is the name of a folder, such as 'INBOX'");
  if (!isText(auth?.user)) refuse('auth.user', 'is the name to log in with');
  if (!('pass' in auth ? isText(auth.pass) : isText(auth.accessToken) || typeof auth.accessToken === 'function'))
    refuse('auth', 'needs pass, or accessToken: a text, or a function that gives one');
  if (done !== 'seen' && done !== 'delete' && !isText((done as { move?: unknown } | null)?.move))
    refuse('done', "is 'seen', 'delete' or { move: 'Archive' }");
  const poll = readPoll(options.poll ?? '5m');
  return { host, port, secure, folder, done, auth, poll, ...(tls && { tls }) };
}

const PREFIX = 'bounceMailbox.';
const NAMES = ['host', 'port', 'secure', 'auth', 'folder', 'done', 'poll', 'tls', 'relay'] as const;

function readPoll(poll: Duration): number {
  try {
    const milliseconds = toMilliseconds(poll, `${PREFIX}poll`);
    if (milliseconds >= 1_000 && milliseconds <= 86_400_000) return milliseconds;
  } catch {
    // Told below.
  }
  return refuse('poll', "is a time from '1s' to '1d', such as '5m'");
}

function refuse(option: string, why: string): never {
  throw new RelayConfigurationError(PREFIX + option, why);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
