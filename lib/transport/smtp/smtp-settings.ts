import { isIPv4, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { countOption, durationOption } from '../../read-option.js';
import { refuseUnknown } from '../../refuse-unknown.js';
import { type SmtpTimeoutSettings, smtpTimeouts } from './smtp-timeouts.js';
import type { SmtpAuth, SmtpAuthMethod, SmtpTls, SmtpTransportOptions } from './smtp-transport-options.interface.js';
import type { SmtpException } from './smtp-verdict.js';

/** {@link SmtpTransportOptions} checked, with every default filled in. Durations are milliseconds. */
export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  /** `smtp://relay.test:587`: for messages, without secrets. */
  readonly endpoint: string;
  readonly tls: SmtpTls;
  readonly loopback: boolean;
  readonly auth?: SmtpAuth;
  readonly authMethod?: SmtpAuthMethod;
  readonly connections: number;
  readonly messagesPerConnection: number;
  readonly idle: number;
  readonly name?: string;
  readonly localAddress?: string;
  readonly proxy?: URL;
  readonly tlsOptions: NonNullable<SmtpTransportOptions['tlsOptions']>;
  readonly timeouts: SmtpTimeoutSettings;
  /** What this provider's replies mean where the usual rules get them wrong. */
  readonly exceptions: readonly SmtpException[];
  /** Opens the TCP connection, where it is not simply one to `host`. Rejects as `dial()` does. */
  readonly connect?: (signal: AbortSignal) => Promise<Socket>;
  /** Looks at the other side once TLS stands; gives what is wrong with it. For certificates that are trusted otherwise than by an authority. */
  readonly checkPeer?: (socket: TLSSocket) => Error | undefined;
  /** Who says that there must be TLS, for messages. Default `tls is 'required'`. */
  readonly tlsBecause?: string;
}

/** @throws RelayConfigurationError names the option that is wrong, and how to mend it */
export function smtpSettings(options: SmtpTransportOptions, exceptions: readonly SmtpException[] = []): SmtpSettings {
  refuseUnknown(options, Object.keys(OPTIONS), 'smtp.');
  const host = hostOf(options.host);
  const loopback = isLoopback(host);
  const tls = oneOf('tls', options.tls ?? usualTls(options.port, loopback), TLS);
  const port = countOption('smtp.port', options.port ?? (tls === 'implicit' ? 465 : 587), 65_535);
  return {
    host,
    port,
    endpoint: `${tls === 'implicit' ? 'smtps' : 'smtp'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    tls,
    loopback,
    ...(options.auth && { auth: authOf(options.auth) }),
    ...(options.authMethod && { authMethod: methodOf(options.authMethod, options.auth && authOf(options.auth)) }),
    connections: countOption('smtp.connections', options.connections ?? 5),
    messagesPerConnection: countOption('smtp.messagesPerConnection', options.messagesPerConnection ?? Infinity),
    idle: durationOption('smtp.idle', options.idle ?? '60s'),
    ...(options.name && { name: options.name }),
    ...(options.localAddress && { localAddress: options.localAddress }),
    ...(options.proxy && { proxy: proxyOf(options.proxy) }),
    tlsOptions: options.tlsOptions ?? {},
    timeouts: smtpTimeouts(options.timeouts ?? {}, 'smtp.timeouts'),
    exceptions,
  };
}

const TLS: readonly SmtpTls[] = ['implicit', 'required', 'opportunistic', 'never'];
const METHODS: readonly SmtpAuthMethod[] = ['PLAIN', 'LOGIN', 'XOAUTH2'];
const PROXIES: readonly string[] = ['http:', 'https:', 'socks5:'];

const OPTIONS: Readonly<Record<keyof SmtpTransportOptions, true>> = {
  host: true,
  port: true,
  tls: true,
  auth: true,
  authMethod: true,
  connections: true,
  messagesPerConnection: true,
  idle: true,
  name: true,
  localAddress: true,
  proxy: true,
  tlsOptions: true,
  timeouts: true,
  dkim: true,
  sign: true,
};

function wrong(option: string, message: string): RelayConfigurationError {
  return new RelayConfigurationError(`smtp.${option}`, message);
}

function hostOf(host: unknown): string {
  if (typeof host !== 'string' || !/^[^\s/@]+$/.test(host)) {
    throw wrong('host', `${JSON.stringify(host)} is no host; give a name such as 'smtp.acme.test', or an IP address`);
  }
  return host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function usualTls(port: unknown, loopback: boolean): SmtpTls {
  if (port === 465) return 'implicit';
  return loopback ? 'opportunistic' : 'required';
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T;
  throw wrong(option, `${JSON.stringify(value)} must be one of ${allowed.join(', ')}`);
}

function authOf(auth: SmtpAuth): SmtpAuth {
  const { user, pass, accessToken } = auth as { user?: unknown; pass?: unknown; accessToken?: unknown };
  if (typeof user !== 'string' || user === '') throw wrong('auth.user', 'must be the name to log in with');
  if (typeof pass === 'string' && pass !== '') return { user, pass };
  const token = pass === undefined ? accessToken : undefined;
  if ((typeof token === 'string' && token !== '') || typeof token === 'function')
    return { user, accessToken: token as Extract<SmtpAuth, { accessToken: unknown }>['accessToken'] };
  throw wrong('auth', 'needs { user, pass }, or { user, accessToken } with a token or a function that returns one');
}

function methodOf(method: string, auth: SmtpAuth | undefined): SmtpAuthMethod {
  const known = oneOf('authMethod', method, METHODS);
  if (!auth) throw wrong('authMethod', 'is of no use without auth');
  if ((known === 'XOAUTH2') === 'accessToken' in auth) return known;
  throw wrong('authMethod', known === 'XOAUTH2' ? 'XOAUTH2 needs auth.accessToken' : `${known} needs auth.pass`);
}

// The URL may hold a password: it is not repeated.
function proxyOf(proxy: string): URL {
  const url = URL.canParse(proxy) ? new URL(proxy) : undefined;
  if (url && PROXIES.includes(url.protocol) && url.hostname) return url;
  throw wrong('proxy', "must be a URL such as 'http://proxy.test:3128' or 'socks5://user:pass@proxy.test:1080'");
}
