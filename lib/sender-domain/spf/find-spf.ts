import type { DnsResolver } from '../../dns/dns-resolver.interface.js';
import { DnsError } from '../../dns/dns.error.js';
import { reason } from '../findings.js';
import { isSpfRecord } from './parse-spf.js';
import { SpfError } from './spf.error.js';

/**
 * The SPF record of a domain; `undefined` where there is none (RFC 7208 sections 4.3 to 4.5).
 *
 * @throws SpfError when there are several, or the DNS does not answer
 */
export async function findSpf(domain: string, resolver: DnsResolver): Promise<string | undefined> {
  if (!isDomain(domain)) return undefined;
  const found = (await answered(resolver.txt(domain), domain)).records.filter(isSpfRecord);
  if (found.length > 1)
    throw new SpfError('permerror', `${domain} has ${found.length} SPF records; there may be only one`);
  return found[0];
}

/** @throws SpfError temperror for what the DNS owes us */
export async function answered<T>(question: Promise<T>, name: string): Promise<T> {
  try {
    return await question;
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    throw new SpfError('temperror', `${name} could not be asked: ${reason(error)}`, error);
  }
}

/** Section 4.3: what is no domain name of several labels has no record. */
export function isDomain(name: string): boolean {
  const labels = name.replace(/\.$/, '').split('.');
  return name.length <= 253 && labels.length > 1 && labels.every((label) => label.length > 0 && label.length <= 63);
}
