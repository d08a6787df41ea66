import { DnsCache } from '../../../dns/dns-cache.js';
import type { MtaStsOptions } from '../direct-transport-options.interface.js';
import type { ExchangerSettings } from '../mail-exchangers.js';
import { fetchPolicy } from './fetch-policy.js';
import { type MtaStsPolicy, policyId } from './mta-sts-policy.js';

/** A policy as it is kept. */
interface KeptPolicy {
  readonly id: string;
  readonly policy: MtaStsPolicy;
  /** Milliseconds since the epoch. */
  readonly fetched: number;
}

/**
 * The MTA-STS policies of domains, kept for as long as they say (RFC 8461 section 3.2): one that was seen holds until then, even when
 * whoever sits in between hides it. One that cannot be fetched, and never could, is none.
 */
export class MtaStsPolicies {
  readonly #options: MtaStsOptions;
  readonly #settings: ExchangerSettings;
  readonly #clock: () => number;
  readonly #kept = new DnsCache<KeptPolicy>(MOST_POLICIES);
  /** Domains whose policy could not be fetched. */
  readonly #failed = new DnsCache<string>(MOST_POLICIES);
  readonly #fetching = new Map<string, Promise<KeptPolicy | undefined>>();

  constructor(options: MtaStsOptions, settings: ExchangerSettings, clock = Date.now) {
    this.#options = options;
    this.#settings = settings;
    this.#clock = clock;
  }

  /** The policy to be heeded; undefined where there is none. Never throws. */
  async of(domain: string): Promise<MtaStsPolicy | undefined> {
    const [id, kept] = await Promise.all([this.#id(domain), this.#read(domain)]);
    if (id === undefined || (kept?.id === id && !this.#isOld(kept))) return kept?.policy;
    if (this.#failed.get(domain) === id) return kept?.policy;
    const fetched = this.#fetch(domain, id);
    // One that is only about to grow old holds while it is fetched again.
    if (kept?.id === id) return kept.policy;
    return ((await fetched) ?? kept)?.policy;
  }

  /** The identifier that the DNS names; undefined where it names none, or cannot be asked. */
  async #id(domain: string): Promise<string | undefined> {
    try {
      return policyId((await this.#settings.dns.txt(`_mta-sts.${domain}`)).records);
    } catch {
      return undefined;
    }
  }

  async #read(domain: string): Promise<KeptPolicy | undefined> {
    const kept = this.#kept.get(domain);
    if (kept) return kept;
    try {
      const stored = JSON.parse((await this.#options.store?.read(domain)) ?? 'null') as KeptPolicy | null;
      if (!stored || this.#left(stored) <= 0) return undefined;
      this.#keep(domain, stored);
      return stored;
    } catch {
      return undefined;
    }
  }

  #fetch(domain: string, id: string): Promise<KeptPolicy | undefined> {
    const key = `${domain} ${id}`;
    let fetching = this.#fetching.get(key);
    if (!fetching) {
      fetching = this.#fetchNew(domain, id).finally(() => this.#fetching.delete(key));
      this.#fetching.set(key, fetching);
    }
    return fetching;
  }

  async #fetchNew(domain: string, id: string): Promise<KeptPolicy | undefined> {
    try {
      const policy = await fetchPolicy(domain, this.#options, this.#settings);
      const kept = { id, policy, fetched: this.#clock() };
      this.#keep(domain, kept);
      await this.#store(domain, kept);
      return kept;
    } catch {
      this.#failed.set(domain, id, FETCH_AGAIN, domain.length);
      return undefined;
    }
  }

  /** A store that fails costs a fetch more, and no security. */
  async #store(domain: string, kept: KeptPolicy): Promise<void> {
    try {
      await this.#options.store?.write(domain, JSON.stringify(kept), this.#left(kept));
    } catch {
      return;
    }
  }

  #keep(domain: string, kept: KeptPolicy): void {
    this.#kept.set(domain, kept, this.#left(kept), JSON.stringify(kept).length);
  }

  /** How long it holds, in milliseconds. */
  #left({ fetched, policy }: KeptPolicy): number {
    return fetched + policy.maxAge * 1_000 - this.#clock();
  }

  /** Section 10.2: fetched again now and then, so that it is never missing. */
  #isOld({ fetched, policy }: KeptPolicy): boolean {
    const age = this.#clock() - fetched;
    return age > DAY && age > (policy.maxAge * 1_000) / 2;
  }
}

const MOST_POLICIES = 10_000;
const DAY = 86_400_000;
/** RFC 8461 section 3.3: not more often than every five minutes. Milliseconds. */
const FETCH_AGAIN = 300_000;
