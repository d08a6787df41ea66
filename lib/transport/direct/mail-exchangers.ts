import { isIP } from 'node:net';
import type { DnsResolver } from '../../dns/dns-resolver.interface.js';
import { canonicalAddress, isSpecialPurpose } from '../../dns/ip-address.js';
import type { MailError } from '../../errors/mail.error.js';
import { unroutable } from './direct-errors.js';
import { inTurns, shuffle } from './race-connect.js';

/** The servers of a domain. */
export interface MailRoute {
  readonly domain: string;
  /** In the order in which they are to be tried; one at least. */
  readonly hosts: readonly string[];
  /** Whether the DNS proves which they are. */
  readonly authentic: boolean;
  /** `implicit`: the domain has no MX, and so is its own server. `literal`: the address names the server. */
  readonly kind: 'mx' | 'implicit' | 'literal';
}

/** Where a server is. */
export interface HostAddresses {
  /** Those that may be connected to. */
  readonly addresses: readonly string[];
  /** Whether the DNS proves all that it told. */
  readonly authentic: boolean;
  /** Where its CNAMEs lead. */
  readonly canonicalName: string;
  /** Why there is none. */
  readonly why?: MailError;
}

export interface ExchangerSettings {
  readonly dns: DnsResolver;
  readonly self: ReadonlySet<string>;
  readonly allowPrivate: boolean;
}

/** Servers that are looked at of one domain, and addresses of one server: nobody needs more, and a hostile zone could hold thousands. */
const MOST_HOSTS = 20;
const MOST_ADDRESSES = 8;

/**
 * Finds a domain's servers: RFC 5321 section 5.1.
 *
 * @throws MailError permanent where there can be none; DnsError when the DNS does not know for now
 */
export async function mailRoute(domain: string, settings: ExchangerSettings): Promise<MailRoute> {
  const literal = literalAddress(domain);
  if (literal !== undefined) return { domain, hosts: [literal], authentic: false, kind: 'literal' };
  const { records, exists, authentic } = await settings.dns.mx(domain);
  if (!exists) throw unroutable(`${domain} cannot get mail: there is no such domain (NXDOMAIN)`, '5.1.2', 'ENOTFOUND');
  if (records.length === 0) return { domain, hosts: [domain], authentic, kind: 'implicit' };
  const named = records.filter(({ exchange }) => exchange !== '');
  // RFC 7505: one alone, with an empty name.
  if (named.length === 0) throw unroutable(`${domain} takes no mail: it has a null MX`, '5.1.10', 'ENULLMX');
  const own = Math.min(
    ...named.filter(({ exchange }) => settings.self.has(exchange)).map(({ preference }) => preference),
  );
  const before = named.filter(({ preference }) => preference < own);
  if (before.length === 0) throw loop(domain);
  // Equal ones in random order: sort() keeps it.
  const ordered = shuffle(before).sort((one, other) => one.preference - other.preference);
  const hosts = [...new Set(ordered.map(({ exchange }) => exchange))].slice(0, MOST_HOSTS);
  return { domain, hosts, authentic, kind: 'mx' };
}

/** @throws DnsError when the DNS knows none for now */
export async function hostAddresses(
  host: string,
  route: MailRoute,
  settings: ExchangerSettings,
): Promise<HostAddresses> {
  const { dns } = settings;
  const found = isIP(host) ? { addresses: [host], authentic: false, canonicalName: host } : await lookedUp(host, dns);
  const strangers = found.addresses.filter((address) => !settings.self.has(canonicalAddress(address)));
  const allowed = settings.allowPrivate ? strangers : strangers.filter((address) => !isSpecialPurpose(address));
  const result = { ...found, addresses: inTurns(allowed).slice(0, MOST_ADDRESSES) };
  if (allowed.length > 0) return result;
  return { ...result, why: whyNone(host, route, found.addresses, strangers) };
}

export function loop(domain: string): MailError {
  return unroutable(
    `Mail for ${domain} would come back to us: its server is our own (option self)`,
    '5.4.6',
    'ELOOP',
    'loop',
  );
}

/** RFC 5321 section 4.1.3. */
function literalAddress(domain: string): string | undefined {
  const [, text = ''] = /^\[(?:IPv6:)?([^\]]+)\]$/i.exec(domain) ?? [];
  return isIP(text) ? canonicalAddress(text) : undefined;
}

async function lookedUp(host: string, dns: DnsResolver): Promise<Omit<HostAddresses, 'why'>> {
  const [six, four] = await Promise.allSettled([dns.aaaa(host), dns.a(host)]);
  const answers = [six, four].flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const addresses = answers.flatMap(({ records }) => records);
  const failed = [four, six].find((one) => one.status === 'rejected');
  if (failed && addresses.length === 0) throw failed.reason;
  return {
    addresses,
    // One that failed, as somebody on the way may have made it, must not lower what is demanded of the server.
    authentic: answers.every(({ authentic }) => authentic),
    canonicalName: (answers.find(({ records }) => records.length > 0) ?? answers[0])!.name,
  };
}

function whyNone(
  host: string,
  { domain, kind }: MailRoute,
  found: readonly string[],
  strangers: readonly string[],
): MailError {
  const who = kind === 'mx' ? `the server ${host} of ${domain}` : domain;
  if (found.length === 0) {
    return kind === 'implicit'
      ? unroutable(`${domain} takes no mail: it has neither MX nor address`, '5.1.2', 'ENOTFOUND')
      : // A mistake in the DNS, which is mended some day: nobody's address is bad for it.
        unroutable(`${domain} cannot get mail: its server ${host} has no address`, '5.4.4', 'ENOTFOUND', 'network');
  }
  if (strangers.length === 0) return loop(domain);
  const what = `${who} has only addresses that no public server has (${strangers[0]}); allowPrivate would allow them`;
  return unroutable(`${domain} cannot get mail: ${what}`, '5.4.4', 'EPRIVATE', 'network');
}
