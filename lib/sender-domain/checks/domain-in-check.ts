import type { DnsResolver } from '../../dns/dns-resolver.interface.js';
import type { DmarcDiscovery } from '../dmarc/discover-dmarc.js';
import type { FetchMtaStsPolicy } from '../sender-domains-options.interface.js';
import { returnPathOf, type Sender } from '../sender.js';

/** What all checks of one domain go by. */
export interface DomainInCheck {
  readonly domain: string;
  /** Of the From header: the domain, or one beneath it. */
  readonly from: string;
  /** Of the return path that the relay gives to mails. */
  readonly returnPath: string;
  readonly senders: readonly Sender[];
  /** Of the domain, whoever signs with them. */
  readonly selectors: readonly string[];
  readonly resolver: DnsResolver;
  /** Asked once, whoever needs it. */
  readonly dmarc: () => Promise<DmarcDiscovery>;
  readonly fetchPolicy: FetchMtaStsPolicy;
  readonly bimi: boolean;
}

/** Domains of the owner's that stand in return paths, each with who uses it. */
export function returnPathsOf(check: DomainInCheck): ReadonlyMap<string, readonly Sender[]> {
  const paths = new Map<string, Sender[]>();
  for (const sender of check.senders) {
    const { domain, isOwn } = returnPathOf(sender, check.domain, check.returnPath);
    if (isOwn) paths.set(domain, [...(paths.get(domain) ?? []), sender]);
  }
  return paths;
}
