import { isIPv4, isIPv6 } from 'node:net';
import { ipv6Digits } from '../dns/ip-address.js';

/** An IP address as a number. */
export interface IpAddress {
  readonly version: 4 | 6;
  readonly value: bigint;
}

/** `undefined` for what is none. An IPv4-mapped IPv6 address is the IPv4 address (RFC 7208 section 5). */
export function parseIp(text: string): IpAddress | undefined {
  if (isIPv4(text)) return { version: 4, value: quad(text) };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const value = BigInt(`0x${ipv6Digits(text)}`);
  return value >> 32n === 0xffffn ? { version: 4, value: value & 0xffffffffn } : { version: 6, value };
}

/** Whether both are of one version and have the first `prefix` bits in common. */
export function inNetwork(address: IpAddress, network: IpAddress, prefix: number): boolean {
  if (address.version !== network.version) return false;
  const rest = BigInt(bitsOf(address.version) - prefix);
  return address.value >> rest === network.value >> rest;
}

export function bitsOf(version: 4 | 6): 32 | 128 {
  return version === 4 ? 32 : 128;
}

/** `192.0.2.1`, or 32 nibbles between dots (RFC 7208 section 7.3). */
export function dotted({ version, value }: IpAddress): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  return [...value.toString(16).padStart(32, '0')].join('.');
}

/** As it is usually written; IPv6 without shortening. */
export function formatIp(address: IpAddress): string {
  if (address.version === 4) return dotted(address);
  return address.value.toString(16).padStart(32, '0').match(/.{4}/g)!.join(':');
}

function quad(text: string): bigint {
  return text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}
