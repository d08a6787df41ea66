import type { DnsResolver } from '../../dns/dns-resolver.interface.js';
import { isSpecialPurpose } from '../../dns/ip-address.js';
import type { SendingHost } from '../../transport/sender-identity.interface.js';

/**
 * The addresses that others see mails come from. Where a host's own is not known, or one behind which a translation of addresses stands,
 * they are those that its name has.
 *
 * @throws DnsError
 */
export async function addressesOf(hosts: readonly SendingHost[], resolver: DnsResolver): Promise<string[]> {
  const all = await Promise.all(hosts.map((host) => seenAddresses(host, resolver)));
  return [...new Set(all.flat())];
}

async function seenAddresses({ address, name }: SendingHost, resolver: DnsResolver): Promise<readonly string[]> {
  if (address !== undefined && (name === undefined || !isSpecialPurpose(address))) return [address];
  const [a, aaaa] = await Promise.all([resolver.a(name!), resolver.aaaa(name!)]);
  const named = [...a.records, ...aaaa.records];
  return named.length === 0 && address !== undefined ? [address] : named;
}
