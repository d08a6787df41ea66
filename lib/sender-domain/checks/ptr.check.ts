import { DnsError } from '../../dns/dns.error.js';
import { isSpecialPurpose, reverseName } from '../../dns/ip-address.js';
import type { DnsResolver } from '../../dns/dns-resolver.interface.js';
import type { DomainCheck } from '../domain-check.interface.js';
import { type Findings, findingsOf } from '../findings.js';
import { parseIp } from '../ip-address.js';
import { addressesOf } from './addresses-of.js';
import type { DomainInCheck } from './domain-in-check.js';

/** PTR of each address that mails leave from, confirmed by the name's own address, and the name for EHLO: most receivers go by them. */
export function checkPtr({ senders, resolver }: DomainInCheck): Promise<DomainCheck>[] {
  const hosts = new Map(senders.flatMap(({ hosts }) => hosts.map((host) => [host.address ?? host.name ?? '', host])));
  if (hosts.size === 0)
    return [
      findingsOf('ptr', 'addresses', async (findings) => {
        findings.skip('mails leave from servers of others, or from where is not known here');
      }),
    ];
  return [...hosts].map(([subject, host]) =>
    findingsOf('ptr', subject, async (findings) => {
      const addresses = await addressesOf([host], resolver);
      if (addresses.length === 0)
        return void findings.fail(`${subject}, the name for EHLO, has no address: most receivers refuse such a client`);
      const summaries: (string | void)[] = [];
      for (const ip of addresses) summaries.push(await look(findings, ip, host.name, resolver));
      return summaries[0];
    }),
  );
}

async function look(
  findings: Findings,
  ip: string,
  helo: string | undefined,
  resolver: DnsResolver,
): Promise<string | void> {
  if (isSpecialPurpose(ip))
    return void findings.warn(
      `${ip} is no address in the public Internet; give the one that others see (option addresses)`,
    );
  if (helo !== undefined) findings.publish({ name: reverseName(ip), type: 'PTR', value: `${helo}.` });
  const { records } = await resolver.ptr(ip);
  if (records.length === 0)
    return void findings.fail(
      `${ip} has no name (PTR): most receivers refuse its mail; whoever leases you the address can set it`,
    );
  const confirmed = await confirmedNames(findings, ip, records.slice(0, MOST_NAMES), resolver);
  if (confirmed.length === 0)
    findings.fail(
      `${ip} is called ${records.slice(0, 3).join(', ')}, and none of them has that address: make them say the same`,
    );
  else findings.pass(`${ip} is called ${confirmed.join(', ')}, and that name has this address`);
  if (records.length > MOST_NAMES)
    findings.warn(`${ip} has ${records.length} names; one is enough, and more are ignored`);
  if (helo !== undefined) await judgeHelo(findings, ip, helo, confirmed, resolver);
  return `${ip} is called ${confirmed[0]}, and the other way round`;
}

const MOST_NAMES = 10;

async function confirmedNames(
  findings: Findings,
  ip: string,
  names: readonly string[],
  resolver: DnsResolver,
): Promise<string[]> {
  const confirmed: string[] = [];
  for (const name of names) {
    try {
      if (await hasAddress(name, ip, resolver)) confirmed.push(name);
    } catch (error) {
      if (!(error instanceof DnsError)) throw error;
      findings.unknown(name, error);
    }
  }
  return confirmed;
}

/** RFC 5321 section 4.1.1.1: the name is to be one that the DNS knows. */
async function judgeHelo(
  findings: Findings,
  ip: string,
  helo: string,
  names: readonly string[],
  resolver: DnsResolver,
): Promise<void> {
  if (!helo.includes('.') || helo.startsWith('['))
    return void findings.warn(`the name for EHLO, ${helo}, is no full name of a host`);
  const isIts = await hasAddress(helo, ip, resolver);
  if (!isIts) findings.warn(`the name for EHLO, ${helo}, has not the address ${ip}`);
  else if (!names.some((name) => name.toLowerCase() === helo.toLowerCase()))
    findings.warn(`the name for EHLO is ${helo}, and the address is called otherwise; let them be the same`);
  else findings.pass(`the name for EHLO is the same`);
}

async function hasAddress(name: string, ip: string, resolver: DnsResolver): Promise<boolean> {
  const wanted = parseIp(ip)!;
  const { records } = wanted.version === 4 ? await resolver.a(name) : await resolver.aaaa(name);
  return records.some((record) => parseIp(record)?.value === wanted.value);
}
