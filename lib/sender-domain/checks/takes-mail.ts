import type { DnsResolver } from '../../dns/dns-resolver.interface.js';

/** Whether the domain has servers that take its mail; not with a null MX (RFC 7505), nor without any MX. @throws DnsError */
export async function takesMail(domain: string, resolver: DnsResolver): Promise<boolean> {
  const { records } = await resolver.mx(domain);
  return records.some(({ exchange }) => exchange !== '');
}
