import type { DnsResolver } from '../../dns/dns-resolver.interface.js';
import { type DmarcRecord, isDmarcRecord, parseDmarc } from './parse-dmarc.js';

/** What a walk up the tree found (RFC 9989 section 4.10). */
export interface DmarcDiscovery {
  /** The domain that the walk began with. */
  readonly domain: string;
  /** The record that applies to it, and where it is. */
  readonly found?: { readonly at: string; readonly record: DmarcRecord };
  /** Domains that have several records, which is as good as none. */
  readonly ambiguous: readonly string[];
  /** The top of the organisation that the domain belongs to. */
  readonly organization: string;
}

/** @throws DnsError */
export async function discoverDmarc(domain: string, resolver: DnsResolver): Promise<DmarcDiscovery> {
  const start = domain.toLowerCase();
  const steps: { at: string; record: DmarcRecord }[] = [];
  const ambiguous: string[] = [];
  for (const at of walk(start)) {
    const records = (await resolver.txt(`_dmarc.${at}`)).records.filter(isDmarcRecord);
    if (records.length > 1) ambiguous.push(at);
    if (records.length !== 1) continue;
    const record = parseDmarc(records[0]!);
    steps.push({ at, record });
    if (record.psd !== 'u') break;
  }
  const organization = organizationOf(start, steps);
  const found = steps.find(({ at }) => at === start) ?? steps.find(({ at }) => at === organization) ?? steps.at(-1);
  return { domain: start, ambiguous, organization, ...(found && { found }) };
}

/** Whether two domains belong to one organisation, or with `s` are the same (RFC 9989 section 4.4). @throws DnsError */
export async function isAligned(a: string, b: string, mode: 'r' | 's', resolver: DnsResolver): Promise<boolean> {
  const [one, other] = [a.toLowerCase(), b.toLowerCase()];
  if (one === other) return true;
  if (mode === 's') return false;
  const organization = async (domain: string) => (await discoverDmarc(domain, resolver)).organization;
  return (await organization(one)) === (await organization(other));
}

/** The domain, then those above it, at most eight in all: of a longer name, all but the last seven labels are left out at once. */
function walk(domain: string): string[] {
  const labels = domain.split('.');
  const domains = [domain];
  for (let left = Math.min(labels.length - 1, 7); left > 0; left--) domains.push(labels.slice(-left).join('.'));
  return domains;
}

/** Section 4.10.2. */
function organizationOf(start: string, steps: readonly { at: string; record: DmarcRecord }[]): string {
  const top = steps.find(({ record }) => record.psd === 'n');
  if (top) return top.at;
  const suffix = steps.find(({ at, record }) => record.psd === 'y' && at !== start);
  if (suffix)
    return start
      .split('.')
      .slice(-(suffix.at.split('.').length + 1))
      .join('.');
  return steps.at(-1)?.at ?? start;
}
