import type { DnsResolver } from '../../dns/dns-resolver.interface.js';
import type { IpAddress } from '../ip-address.js';
import { answered, findSpf, isDomain } from './find-spf.js';
import { parseSpf, type SpfMechanism } from './parse-spf.js';
import { SpfError } from './spf.error.js';

/** All that a record leads to, whoever sends: what the worst case of an evaluation costs, and whom it lets through. */
export interface SpfSurvey {
  /** Terms that ask the DNS, beneath includes too. */
  readonly lookups: number;
  /** Terms that ask for what is not there. */
  readonly voids: readonly string[];
  /** Of those, the ones in the record itself. */
  readonly ownVoids: readonly string[];
  /** Names of includes and redirects that let through, in lower case. */
  readonly included: ReadonlySet<string>;
  /** Networks that are let through. */
  readonly networks: readonly { readonly ip: IpAddress; readonly prefix: number }[];
  readonly problems: readonly SpfError[];
  /** Terms with macros, which cannot be followed without a mail. */
  readonly unfollowed: readonly string[];
  readonly usesPtr: boolean;
}

/** @param text the record at `domain` */
export async function surveySpf(domain: string, text: string, resolver: DnsResolver): Promise<SpfSurvey> {
  const survey = new Survey(resolver);
  await survey.read(domain, text, [domain.toLowerCase()], true);
  return survey;
}

/** A record that is worse is not read to its end. */
const MOST_LOOKUPS = 60;

class Survey implements SpfSurvey {
  lookups = 0;
  usesPtr = false;
  readonly voids: string[] = [];
  readonly ownVoids: string[] = [];
  readonly included = new Set<string>();
  readonly networks: { ip: IpAddress; prefix: number }[] = [];
  readonly problems: SpfError[] = [];
  readonly unfollowed: string[] = [];
  readonly #resolver: DnsResolver;

  constructor(resolver: DnsResolver) {
    this.#resolver = resolver;
  }

  /** @param path the domains that led here; @param lets whether what matches here is let through */
  async read(domain: string, text: string, path: readonly string[], lets: boolean): Promise<void> {
    try {
      const { mechanisms, redirect } = parseSpf(text);
      const end = mechanisms.findIndex(({ kind }) => kind === 'all');
      for (const mechanism of end < 0 ? mechanisms : mechanisms.slice(0, end)) {
        if (this.lookups >= MOST_LOOKUPS) return;
        await this.#look(mechanism, domain, path, lets && mechanism.qualifier === '+');
      }
      if (redirect !== undefined && end < 0) await this.#follow(redirect, `redirect=${redirect}`, path, lets);
    } catch (error) {
      if (!(error instanceof SpfError)) throw error;
      const trail = path.length > 1 ? ` (${path.join(' > ')})` : '';
      this.problems.push(new SpfError(error.result, error.message + trail, error));
    }
  }

  async #look(mechanism: SpfMechanism, domain: string, path: readonly string[], lets: boolean): Promise<void> {
    const { kind, network, prefix, text } = mechanism;
    if (network) {
      if (lets) this.networks.push({ ip: network, prefix: prefix[network.version] });
      return;
    }
    if (kind === 'include') return this.#follow(mechanism.domain!, text, path, lets);
    this.lookups++;
    if (kind === 'ptr') {
      this.usesPtr = true;
      return;
    }
    const name = mechanism.domain ?? domain;
    if (name.includes('%') || !isDomain(name)) this.unfollowed.push(text);
    else if (await this.#isVoid(kind as 'a' | 'mx' | 'exists', name)) {
      this.voids.push(text);
      if (path.length === 1) this.ownVoids.push(text);
    }
  }

  /** For an `a`, only where there is neither an IPv4 nor an IPv6 address: the other is asked for by no client. */
  async #isVoid(kind: 'a' | 'mx' | 'exists', name: string): Promise<boolean> {
    if (kind === 'mx') return (await answered(this.#resolver.mx(name), name)).records.length === 0;
    if ((await answered(this.#resolver.a(name), name)).records.length > 0) return false;
    return kind === 'exists' || (await answered(this.#resolver.aaaa(name), name)).records.length === 0;
  }

  async #follow(name: string, term: string, path: readonly string[], lets: boolean): Promise<void> {
    this.lookups++;
    if (name.includes('%')) return void this.unfollowed.push(term);
    const target = name.toLowerCase().replace(/\.$/, '');
    if (path.includes(target)) throw new SpfError('permerror', `"${term}" leads in a circle`);
    const text = await findSpf(target, this.#resolver);
    if (text === undefined) throw new SpfError('permerror', `"${term}": ${target} has no SPF record`);
    if (lets) this.included.add(target);
    await this.read(target, text, [...path, target], lets);
  }
}
