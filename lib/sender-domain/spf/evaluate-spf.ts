import type { DnsResolver } from '../../dns/dns-resolver.interface.js';
import { DnsError } from '../../dns/dns.error.js';
import { isWithin } from '../../dns/domain-name.js';
import { type IpAddress, inNetwork, parseIp } from '../ip-address.js';
import { answered, findSpf, isDomain } from './find-spf.js';
import { parseSpf, type SpfMechanism, type SpfQualifier } from './parse-spf.js';
import { expandDomainSpec } from './spf-macro.js';
import { SpfError } from './spf.error.js';

/** RFC 7208 section 2.6. */
export type SpfResult = 'none' | 'neutral' | 'pass' | 'fail' | 'softfail' | 'permerror' | 'temperror';

export interface SpfQuery {
  /** The client's IP address. */
  readonly ip: string;
  readonly domain: string;
  /** Default `postmaster` at the domain. */
  readonly sender?: string;
  /** Default the domain. */
  readonly helo?: string;
}

export interface SpfOutcome {
  readonly result: SpfResult;
  /** What decided: `acme.test: ip4:192.0.2.0/24`. */
  readonly matched?: string;
  /** Why it is an error. */
  readonly problem?: string;
  /** Terms that asked the DNS. */
  readonly lookups: number;
  /** Of those, the ones it had nothing for. */
  readonly voids: number;
}

/** RFC 7208 section 4.6.4. */
export const SPF_LIMITS = { lookups: 10, voids: 2, names: 10 } as const;

/** Whether a client may send for a domain: check_host() of RFC 7208 section 4. */
export async function evaluateSpf(query: SpfQuery, resolver: DnsResolver): Promise<SpfOutcome> {
  const ip = parseIp(query.ip);
  if (!ip) throw new RangeError(`${query.ip} is no IP address`);
  const evaluation = new SpfEvaluation(ip, query, resolver);
  try {
    return { ...(await evaluation.check(query.domain)), ...evaluation.counts };
  } catch (error) {
    if (!(error instanceof SpfError)) throw error;
    return { result: error.result, problem: error.message, ...evaluation.counts };
  }
}

type Verdict = Pick<SpfOutcome, 'result' | 'matched'>;

class SpfEvaluation {
  readonly #ip: IpAddress;
  readonly #query: SpfQuery;
  readonly #resolver: DnsResolver;
  #lookups = 0;
  #voids = 0;
  #names?: Promise<string[]>;

  constructor(ip: IpAddress, query: SpfQuery, resolver: DnsResolver) {
    this.#ip = ip;
    this.#query = query;
    this.#resolver = resolver;
  }

  get counts(): { lookups: number; voids: number } {
    return { lookups: this.#lookups, voids: this.#voids };
  }

  /** @throws SpfError */
  async check(domain: string): Promise<Verdict> {
    const text = await findSpf(domain, this.#resolver);
    if (text === undefined) return { result: 'none' };
    const { mechanisms, redirect } = parseSpf(text);
    for (const mechanism of mechanisms) {
      if (await this.#matches(mechanism, domain))
        return { result: RESULTS[mechanism.qualifier], matched: `${domain}: ${mechanism.text}` };
    }
    if (redirect === undefined) return { result: 'neutral' };
    this.#countLookup();
    const target = await this.#nameOf(redirect, domain);
    const verdict = await this.check(target);
    if (verdict.result === 'none') throw new SpfError('permerror', `redirect=${target}: there is no SPF record`);
    return verdict;
  }

  async #matches(mechanism: SpfMechanism, domain: string): Promise<boolean> {
    const { kind, network, prefix } = mechanism;
    if (kind === 'all') return true;
    if (network) return inNetwork(this.#ip, network, prefix[network.version]);
    this.#countLookup();
    const name = mechanism.domain === undefined ? domain : await this.#nameOf(mechanism.domain, domain);
    if (kind === 'include') return this.#included(name);
    if (kind === 'ptr') return this.#isNamed(name);
    // What macros gave may be no name: nothing matches it (section 4.8).
    if (!isDomain(name)) return false;
    if (kind === 'exists') return (await this.#addresses(name, 4)).length > 0;
    const addresses = kind === 'a' ? await this.#addresses(name, this.#ip.version) : await this.#exchanges(name);
    return addresses.some((address) => inNetwork(this.#ip, address, prefix[this.#ip.version]));
  }

  /** Section 5.2. */
  async #included(name: string): Promise<boolean> {
    const { result } = await this.check(name);
    if (result === 'none') throw new SpfError('permerror', `include:${name}: there is no SPF record`);
    return result === 'pass';
  }

  /** Section 5.4; only the MX question counts as void. */
  async #exchanges(name: string): Promise<IpAddress[]> {
    const { records } = await answered(this.#resolver.mx(name), name);
    if (records.length === 0) this.#countVoid(name);
    if (records.length > SPF_LIMITS.names)
      throw new SpfError('permerror', `mx:${name}: more than ${SPF_LIMITS.names} servers`);
    const hosts = records.map(({ exchange }) => exchange).filter(Boolean);
    return (await Promise.all(hosts.map((host) => this.#addressesOf(host)))).flat();
  }

  async #addresses(name: string, version: 4 | 6): Promise<IpAddress[]> {
    const found = await this.#addressesOf(name, version);
    if (found.length === 0) this.#countVoid(name);
    return found;
  }

  async #addressesOf(name: string, version = this.#ip.version): Promise<IpAddress[]> {
    const asked = version === 4 ? this.#resolver.a(name) : this.#resolver.aaaa(name);
    const { records } = await answered(asked, name);
    return records.map(parseIp).filter((ip) => ip !== undefined);
  }

  /** Section 5.5: a name of the client's that the DNS confirms, and that is the target or beneath it. */
  async #isNamed(target: string): Promise<boolean> {
    return (await this.#confirmedNames()).some((name) => isWithin(name, target));
  }

  /** What the DNS does not answer here matches nothing, and is no error. */
  #confirmedNames(): Promise<string[]> {
    this.#names ??= this.#confirm();
    return this.#names;
  }

  async #confirm(): Promise<string[]> {
    const { records } = await this.#orNothing(this.#resolver.ptr(this.#query.ip));
    if (records.length === 0) this.#countVoid(this.#query.ip);
    const names = records.slice(0, SPF_LIMITS.names);
    const confirmed = await Promise.all(
      names.map(async (name) => {
        const asked = this.#ip.version === 4 ? this.#resolver.a(name) : this.#resolver.aaaa(name);
        return (await this.#orNothing(asked)).records.some((found) => parseIp(found)?.value === this.#ip.value);
      }),
    );
    return names.filter((_, index) => confirmed[index]);
  }

  async #orNothing(question: Promise<{ records: readonly string[] }>): Promise<{ records: readonly string[] }> {
    try {
      return await question;
    } catch (error) {
      if (!(error instanceof DnsError)) throw error;
      return { records: [] };
    }
  }

  #nameOf(spec: string, domain: string): Promise<string> {
    const { sender = `postmaster@${this.#query.domain}`, helo = this.#query.domain } = this.#query;
    const name = async (): Promise<string> => {
      const names = await this.#confirmedNames();
      const best = names.find((one) => one === domain) ?? names.find((one) => isWithin(one, domain)) ?? names[0];
      return best ?? 'unknown';
    };
    const full = sender.startsWith('@') ? `postmaster${sender}` : sender;
    return expandDomainSpec(spec, { ip: this.#ip, sender: full, domain, helo, name });
  }

  #countLookup(): void {
    if (++this.#lookups > SPF_LIMITS.lookups)
      throw new SpfError('permerror', `more than ${SPF_LIMITS.lookups} terms ask the DNS`);
  }

  #countVoid(name: string): void {
    if (++this.#voids > SPF_LIMITS.voids)
      throw new SpfError(
        'permerror',
        `more than ${SPF_LIMITS.voids} terms ask for what is not there, the last ${name}`,
      );
  }
}

const RESULTS: Readonly<Record<SpfQualifier, SpfResult>> = {
  '+': 'pass',
  '-': 'fail',
  '~': 'softfail',
  '?': 'neutral',
};
