import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { CachedDnsResolver } from '../../dns/cached-dns-resolver.js';
import type { DnsOptions } from '../../dns/dns-options.interface.js';
import type { DnsResolver } from '../../dns/dns-resolver.interface.js';
import { asciiName } from '../../dns/domain-name.js';
import { canonicalAddress } from '../../dns/ip-address.js';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { countOption, durationOption } from '../../read-option.js';
import { refuseUnknown } from '../../refuse-unknown.js';
import { type SmtpTimeoutSettings, smtpTimeouts } from '../smtp/smtp-timeouts.js';
import type {
  DirectDomainOptions,
  DirectTls,
  DirectTransportOptions,
  MtaStsOptions,
} from './direct-transport-options.interface.js';
import { type SourceAddress, sourceAddresses } from './source-address.js';

/** {@link DirectTransportOptions} checked, with every default filled in. Durations are milliseconds. */
export interface DirectSettings {
  readonly dns: DnsResolver;
  readonly port: number;
  readonly limits: DomainSettings;
  readonly perDomain: ReadonlyMap<string, DomainSettings>;
  readonly maxConnections: number;
  readonly idle: number;
  readonly tlsOptions: NonNullable<DirectTransportOptions['tlsOptions']>;
  readonly mtaSts?: MtaStsOptions;
  readonly dane: boolean;
  /** Names and addresses. */
  readonly self: ReadonlySet<string>;
  readonly allowPrivate: boolean;
  /** One at least. */
  readonly sources: readonly SourceAddress[];
  readonly greylistDelay: number;
  readonly timeouts: SmtpTimeoutSettings;
  readonly returnPath?: DirectTransportOptions['returnPath'];
}

export interface DomainSettings {
  readonly connections: number;
  readonly messagesPerConnection: number;
  readonly tls: DirectTls;
}

/** @throws RelayConfigurationError names the option that is wrong, and how to mend it */
export function directSettings(options: DirectTransportOptions): DirectSettings {
  refuseUnknown(options, OPTIONS, 'direct.');
  const limits = domainSettings(options, DEFAULT_LIMITS, '');
  const mtaSts = mtaStsOf(options.mtaSts ?? true);
  return {
    dns: isResolver(options.dns) ? options.dns : new CachedDnsResolver(options.dns as DnsOptions, 'direct.dns'),
    port: countOption('direct.port', options.port ?? 25, 65_535),
    limits,
    perDomain: perDomainOf(options.perDomain ?? {}, limits),
    maxConnections: countOption('direct.maxConnections', options.maxConnections ?? 100),
    idle: durationOption('direct.idle', options.idle ?? '15s'),
    tlsOptions: tlsOptionsOf(options.tlsOptions ?? {}),
    ...(mtaSts && { mtaSts }),
    dane: boolean('dane', options.dane ?? true),
    self: new Set(listOf('self', options.self ?? []).map(selfOf)),
    allowPrivate: boolean('allowPrivate', options.allowPrivate ?? false),
    sources:
      options.addresses === undefined
        ? [{ key: '', name: ownName(options.name) }]
        : addressesOf(options.addresses, options.name),
    greylistDelay: durationOption('direct.greylistDelay', options.greylistDelay ?? '5m'),
    timeouts: smtpTimeouts(options.timeouts ?? {}, 'direct.timeouts'),
    ...(options.returnPath && { returnPath: functionOf('returnPath', options.returnPath) }),
  };
}

const DEFAULT_LIMITS: DomainSettings = { connections: 5, messagesPerConnection: 100, tls: 'opportunistic' };
const TLS: readonly DirectTls[] = ['opportunistic', 'required', 'verified', 'never'];
const PER_DOMAIN = ['connections', 'messagesPerConnection', 'tls'] as const satisfies readonly (keyof DomainSettings)[];
/** What the rules for servers' certificates decide. */
const NOT_YOURS = ['rejectUnauthorized', 'checkServerIdentity', 'servername', 'host', 'socket'];

const KNOWN: Readonly<Record<keyof DirectTransportOptions, true>> = {
  name: true,
  dns: true,
  port: true,
  connections: true,
  maxConnections: true,
  messagesPerConnection: true,
  idle: true,
  perDomain: true,
  tls: true,
  tlsOptions: true,
  mtaSts: true,
  dane: true,
  self: true,
  allowPrivate: true,
  addresses: true,
  greylistDelay: true,
  timeouts: true,
  dkim: true,
  sign: true,
  returnPath: true,
};
const OPTIONS = Object.keys(KNOWN);

function wrong(option: string, message: string): RelayConfigurationError {
  return new RelayConfigurationError(`direct.${option}`, message);
}

function domainSettings(options: DirectDomainOptions, under: DomainSettings, path: string): DomainSettings {
  const tls = options.tls ?? under.tls;
  if (!TLS.includes(tls)) throw wrong(`${path}tls`, `${JSON.stringify(tls)} must be one of ${TLS.join(', ')}`);
  return {
    connections: countOption(`direct.${path}connections`, options.connections ?? under.connections),
    messagesPerConnection: countOption(
      `direct.${path}messagesPerConnection`,
      options.messagesPerConnection ?? under.messagesPerConnection,
    ),
    tls,
  };
}

function perDomainOf(
  perDomain: Record<string, DirectDomainOptions>,
  limits: DomainSettings,
): ReadonlyMap<string, DomainSettings> {
  if (typeof perDomain !== 'object' || perDomain === null)
    throw wrong('perDomain', "is an object by domain: { 'gmail.com': { connections: 10 } }");
  return new Map(
    Object.entries(perDomain).map(([domain, options]) => {
      const path = `perDomain.${domain}`;
      const name = asciiName(domain);
      if (name === undefined) throw wrong(path, 'is no domain');
      refuseUnknown(options, PER_DOMAIN, `direct.${path}.`);
      return [name, domainSettings(options, limits, `${path}.`)];
    }),
  );
}

function mtaStsOf(given: unknown): MtaStsOptions | undefined {
  if (given === false) return undefined;
  if (given === true) return {};
  if (typeof given !== 'object' || given === null) throw wrong('mtaSts', 'is true, false, or an object');
  refuseUnknown(given, ['ca', 'port', 'store'], 'direct.mtaSts.');
  const { ca, port, store } = given as MtaStsOptions;
  if (port !== undefined) countOption('direct.mtaSts.port', port, 65_535);
  if (store !== undefined && (typeof store.read !== 'function' || typeof store.write !== 'function'))
    throw wrong('mtaSts.store', 'is an object with read(domain) and write(domain, text, life)');
  return { ...(ca !== undefined && { ca }), ...(port !== undefined && { port }), ...(store && { store }) };
}

function tlsOptionsOf(options: object): NonNullable<DirectTransportOptions['tlsOptions']> {
  const taken = Object.keys(options).find((key) => NOT_YOURS.includes(key));
  if (taken === undefined) return options;
  throw wrong(`tlsOptions.${taken}`, 'is decided by DANE, MTA-STS and the option tls');
}

function isResolver(dns: unknown): dns is DnsResolver {
  return typeof (dns as Partial<DnsResolver> | undefined)?.mx === 'function';
}

/** RFC 5321 section 4.1.4: many servers refuse a client whose name is none, so it is better known at once. */
function ownName(given: string | undefined): string {
  const name = given ?? hostname().toLowerCase();
  if (isQualified(name)) return name;
  const what =
    given === undefined ? `is missing, and that of this machine, ${JSON.stringify(name)},` : JSON.stringify(given);
  throw wrong('name', `${what} is not fully qualified; give the name that others find in the DNS: 'out.acme.test'`);
}

function isQualified(name: unknown): name is string {
  return typeof name === 'string' && (QUALIFIED.test(name) || LITERAL.test(name));
}

const QUALIFIED =
  /^(?=.{1,253}$)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9](?:[a-z0-9-]{0,62}))+$/i;
/** RFC 5321 section 4.1.3. */
const LITERAL = /^\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9a-f:.]+)\]$/i;

function addressesOf(addresses: unknown, name: unknown): readonly SourceAddress[] {
  if (name !== undefined) throw wrong('name', 'is of no use beside `addresses`, each of which has its own');
  return sourceAddresses(addresses, isQualified);
}

function selfOf(text: string): string {
  const own = isIP(text) ? canonicalAddress(text) : asciiName(text);
  if (own !== undefined) return own;
  throw wrong('self', `${JSON.stringify(text)} is neither a name nor an IP address`);
}

function listOf(option: string, value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '')) return value;
  throw wrong(option, 'is a list of names and IP addresses');
}

function boolean(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw wrong(option, 'is true or false');
}

function functionOf<T>(option: string, value: T): T {
  if (typeof value === 'function') return value;
  throw wrong(option, 'is a function');
}
