import { isIP } from 'node:net';
import { DnsError } from '../../dns/dns.error.js';
import type { MxRecord } from '../../dns/dns-resolver.interface.js';
import type { DomainCheck } from '../domain-check.interface.js';
import { type Findings, findingsOf } from '../findings.js';
import { returnPathRecord, type Sender } from '../sender.js';
import { type DomainInCheck, returnPathsOf } from './domain-in-check.js';

/** MX (RFC 5321 section 5.1): answers come back to the domain, and bounces to the domains in return paths. */
export function checkMx(check: DomainInCheck): Promise<DomainCheck>[] {
  const paths = returnPathsOf(check);
  const domains = new Set([check.domain, ...paths.keys()]);
  return [...domains].map((domain) =>
    findingsOf('mx', domain, (findings) => look(findings, domain, paths.get(domain) ?? [], check)),
  );
}

async function look(
  findings: Findings,
  domain: string,
  senders: readonly Sender[],
  check: DomainInCheck,
): Promise<string | void> {
  const purpose = senders.length > 0 ? 'bounces' : 'answers';
  publishKnown(findings, domain, senders);
  const { records } = await check.resolver.mx(domain);
  if (records.length === 0) return lookWithout(findings, domain, purpose, check);
  if (records.some(({ exchange }) => exchange === '')) {
    if (records.length > 1) return void findings.fail('a null MX (RFC 7505) stands beside others, which is an error');
    return void findings.warn(`a null MX (RFC 7505) says that ${domain} takes no mail, so ${purpose} cannot come back`);
  }
  const states = await Promise.all(
    records.slice(0, MOST_SERVERS).map((record) => lookAtServer(findings, record, check)),
  );
  if (!states.includes(true)) findings.fail(`none of the servers has an address: ${purpose} cannot come back`);
  return `${records.length === 1 ? 'a server takes' : `${records.length} servers take`} mail for ${domain}`;
}

const MOST_SERVERS = 20;

/** Section 5.1: a domain without MX takes mail at its own addresses. */
async function lookWithout(
  findings: Findings,
  domain: string,
  purpose: string,
  { resolver }: DomainInCheck,
): Promise<void> {
  const addresses = [...(await resolver.a(domain)).records, ...(await resolver.aaaa(domain)).records];
  if (addresses.length === 0)
    findings.fail(
      `${domain} has neither an MX record nor an address: ${purpose} cannot come back, and some receivers refuse mail from it`,
    );
  else
    findings.warn(
      `${domain} has no MX record; mail goes to its own address (${addresses.slice(0, 3).join(', ')}). Publish an MX record, or a null MX ("0 .") if it takes no mail`,
    );
}

/** Whether it has an address; `undefined` where the DNS owes the answer. */
async function lookAtServer(
  findings: Findings,
  { preference, exchange }: MxRecord,
  { resolver }: DomainInCheck,
): Promise<boolean | undefined> {
  if (isIP(exchange)) {
    findings.fail(`${preference} ${exchange}: an MX record names a host, not an address (RFC 5321 section 5.1)`);
    return false;
  }
  try {
    const [a, aaaa] = await Promise.all([resolver.a(exchange), resolver.aaaa(exchange)]);
    const addresses = [...a.records, ...aaaa.records];
    if (addresses.length === 0) {
      findings.warn(`${preference} ${exchange} has no address`);
      return false;
    }
    if (a.name !== exchange.toLowerCase())
      findings.warn(
        `${preference} ${exchange} is an alias (CNAME) of ${a.name}, which is not allowed (RFC 2181 section 10.3): name ${a.name} itself`,
      );
    findings.pass(`${preference} ${exchange}: ${addresses.slice(0, 4).join(', ')}`);
    return true;
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    findings.unknown(`${preference} ${exchange}`, error);
    return undefined;
  }
}

/** Where a provider takes the bounces, what it wants there. */
function publishKnown(findings: Findings, domain: string, senders: readonly Sender[]): void {
  for (const sender of senders) findings.publish(returnPathRecord(sender, domain));
}
