import { CachedDnsResolver } from '../dns/cached-dns-resolver.js';
import type { DnsResolver } from '../dns/dns-resolver.interface.js';
import { isWithin } from '../dns/domain-name.js';
import { toMilliseconds } from '../duration.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { refuseUnknown } from '../refuse-unknown.js';
import { fetchPolicyText } from '../transport/direct/mta-sts/fetch-policy.js';
import { BoundedResolver } from './bounded-resolver.js';
import { checkAlignment } from './checks/alignment.check.js';
import { checkBimi } from './checks/bimi.check.js';
import { checkDkim } from './checks/dkim.check.js';
import { checkDmarc } from './checks/dmarc.check.js';
import { findDomain } from './checks/domain.check.js';
import type { DomainInCheck } from './checks/domain-in-check.js';
import { checkMtaSts } from './checks/mta-sts.check.js';
import { checkMx } from './checks/mx.check.js';
import { checkPtr } from './checks/ptr.check.js';
import { checkSpf } from './checks/spf.check.js';
import { checkTlsRpt } from './checks/tls-rpt.check.js';
import { type DmarcDiscovery, discoverDmarc } from './dmarc/discover-dmarc.js';
import type { DomainCheck, SenderDomainReport } from './domain-check.interface.js';
import { worst } from './findings.js';
import { readDomain, readDomainOf, readSelectors, readSenders } from './read-senders.js';
import type { Sender } from './sender.js';
import type { FetchMtaStsPolicy, SenderDomainsOptions } from './sender-domains-options.interface.js';

/**
 * Says whether a domain is set up to be believed: SPF, DKIM, DMARC, MX, MTA-STS, TLS-RPT, PTR. The one of a relay knows its transports;
 * it can be made by itself as well.
 *
 * @example
 * const { status, checks } = await new SenderDomains({ providers: ['postmark'], selectors: ['relay202611a'] }).check('acme.test');
 */
export class SenderDomains {
  readonly #resolver: DnsResolver;
  readonly #senders: () => readonly Sender[];
  readonly #selectors: readonly string[];
  readonly #from?: string;
  readonly #home?: string;
  readonly #returnPath?: string;
  readonly #bimi: boolean;
  readonly #timeout: number;
  readonly #fetchPolicy?: FetchMtaStsPolicy;

  /**
   * @param relay what a relay knows beside the options
   * @param path names the options in errors
   * @throws RelayConfigurationError
   */
  constructor(options: SenderDomainsOptions = {}, relay: KnownToRelay = {}, path = 'senderDomains') {
    refuseUnknown(options, Object.keys(SENDER_DOMAINS_OPTIONS), `${path}.`);
    if (options.dns !== undefined && options.resolver !== undefined)
      throw new RelayConfigurationError(`${path}.dns`, 'cannot go with `resolver`; give one of them');
    // Each check asks anew: what was published just now is to be seen.
    const dns = { maxTtl: 0, maxNegativeTtl: 0, ...options.dns };
    this.#resolver = options.resolver ?? new CachedDnsResolver(dns, `${path}.dns`);
    const senders = readSenders(options, path);
    this.#senders = () => [...senders, ...(relay.senders?.() ?? [])];
    this.#selectors = readSelectors(options.selectors, `${path}.selectors`);
    if (options.from !== undefined) this.#from = readDomainOf(options.from, `${path}.from`);
    const home = relay.from === undefined ? undefined : readDomainOf(relay.from, 'from');
    this.#home = this.#from ?? home;
    if (options.returnPath !== undefined) this.#returnPath = readDomainOf(options.returnPath, `${path}.returnPath`);
    this.#bimi = options.bimi ?? false;
    this.#timeout = timeoutOf(options.timeout ?? '30s', `${path}.timeout`);
    if (options.fetchPolicy) this.#fetchPolicy = options.fetchPolicy;
  }

  /** The domain of the sender's address, where one is given: the one to check when nobody says which. */
  get domain(): string | undefined {
    return this.#home;
  }

  /**
   * Asks the DNS for all of it. What it does not answer is `warn`, with the reason.
   *
   * @param domain default {@link domain}
   * @throws RelayConfigurationError for what is no domain
   */
  async check(domain?: string): Promise<SenderDomainReport> {
    const name = readDomain(domain ?? this.#home, 'domain');
    const resolver = new BoundedResolver(this.#resolver, this.#timeout);
    try {
      const { answered, check } = await findDomain(name, resolver);
      // Of what is not there nothing is to be published.
      const isThere = check?.status !== 'fail';
      const checks = [
        ...(check ? [check] : []),
        ...(isThere ? await Promise.all(checksOf(this.#inCheck(name, resolver))) : []),
      ];
      const status = worst(checks.map((one) => one.status));
      return { domain: name, status: status === 'skip' ? 'pass' : status, checks, answered, checkedAt: new Date() };
    } finally {
      resolver.close();
    }
  }

  #inCheck(domain: string, resolver: DnsResolver): DomainInCheck {
    // That of the relay counts where it is of the domain, or of one beneath it.
    const from = this.#from ?? (this.#home !== undefined && isWithin(this.#home, domain) ? this.#home : domain);
    let dmarc: Promise<DmarcDiscovery> | undefined;
    return {
      domain,
      from,
      returnPath: this.#returnPath ?? from,
      senders: this.#senders(),
      selectors: this.#selectors,
      resolver,
      dmarc: () => (dmarc ??= discoverDmarc(from, resolver)),
      fetchPolicy:
        this.#fetchPolicy ??
        ((name) => fetchPolicyText(name, {}, { dns: resolver, self: new Set(), allowPrivate: false })),
      bimi: this.#bimi,
    };
  }
}

/** What a relay knows of itself. */
export interface KnownToRelay {
  /** The sender of mails that name none. */
  from?: string;
  /** Ways in which mails leave, asked for at each check. */
  senders?: () => readonly Sender[];
}

/** In the order in which a person mends them. */
function checksOf(check: DomainInCheck): Promise<DomainCheck>[] {
  return [
    checkSpf,
    checkDkim,
    checkDmarc,
    checkAlignment,
    checkMx,
    checkMtaSts,
    checkTlsRpt,
    checkPtr,
    checkBimi,
  ].flatMap((one) => one(check));
}

/** The names of all options. */
export const SENDER_DOMAINS_OPTIONS: Readonly<Record<keyof SenderDomainsOptions, true>> = {
  dns: true,
  resolver: true,
  providers: true,
  dkim: true,
  selectors: true,
  from: true,
  returnPath: true,
  addresses: true,
  helo: true,
  bimi: true,
  timeout: true,
  fetchPolicy: true,
};

function timeoutOf(given: NonNullable<SenderDomainsOptions['timeout']>, path: string): number {
  try {
    const milliseconds = toMilliseconds(given, path);
    if (milliseconds >= 1 && milliseconds <= 600_000) return milliseconds;
  } catch {
    // Told below.
  }
  throw new RelayConfigurationError(path, "is a time up to ten minutes, such as '30s'");
}
