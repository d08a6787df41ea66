import type { DnsRecord } from './dns-record.interface.js';

/** The record as a line of a zone file (RFC 1035 section 5.1); a text in strings of 255 octets at most (section 3.3.14). */
export function zoneFileLine({ name, type, value }: DnsRecord): string {
  return `${name}. IN ${type} ${type === 'TXT' ? txtStrings(value).join(' ') : value}`;
}

/** The strings of a TXT record, in their quotes; who reads it puts them together again, with nothing between (RFC 7208 section 3.3). */
function txtStrings(text: string): string[] {
  const strings: string[] = [];
  for (let at = 0; at === 0 || at < text.length; at += 255) strings.push(text.slice(at, at + 255));
  return strings.map((string) => `"${string.replace(/["\\]/g, '\\$&')}"`);
}
