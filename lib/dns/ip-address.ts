import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/** 127.0.0.0/8, ::1, and the former written as IPv6. */
export function isLoopback(address: string): boolean {
  return within(LOOPBACK, address);
}

/**
 * An address that no server in the public Internet has: of this machine, of a private network, for documentation, multicast, ... See the
 * IANA registries of special-purpose addresses, https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-special-registry.
 */
export function isSpecialPurpose(address: string): boolean {
  return within(SPECIAL, address);
}

/** The name under which the names of an address stand: RFC 1035 section 3.5, RFC 3596 section 2.5. @throws RangeError for what is no IP address */
export function reverseName(address: string): string {
  if (isIPv4(address)) return `${address.split('.').toReversed().join('.')}.in-addr.arpa`;
  if (!isIPv6(address)) throw new RangeError(`${JSON.stringify(address)} is no IP address`);
  return `${[...ipv6Digits(address)].toReversed().join('.')}.ip6.arpa`;
}

/** An address as `URL` writes it, so that equal ones are equal: `2001:DB8::0:1` is `2001:db8::1`. */
export function canonicalAddress(address: string): string {
  return isIPv6(address) ? new URL(`http://[${withoutZone(address)}]`).hostname.slice(1, -1) : address;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const SPECIAL = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  SPECIAL.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  // Unspecified, loopback, and IPv4 in clothes that no server wears in the DNS.
  ['::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001:2::', 48],
  ['2001:db8::', 32],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  SPECIAL.addSubnet(network, prefix, 'ipv6');

/** IPv4 that is reached through IPv6: mapped (RFC 4291 section 2.5.5.2), translated (RFC 6052), 6to4 (RFC 3056). */
const EMBEDDING: readonly (readonly [prefix: string, digits: number])[] = [
  ['00000000000000000000ffff', 24],
  ['0064ff9b0000000000000000', 24],
  ['2002', 4],
];

function within(list: BlockList, address: string): boolean {
  const plain = withoutZone(address);
  const version = isIP(plain);
  if (version === 4) return list.check(plain, 'ipv4');
  if (version !== 6) return false;
  return list.check(plain, 'ipv6') || embedded(plain).some((inner) => list.check(inner, 'ipv4'));
}

function embedded(address: string): string[] {
  const digits = ipv6Digits(address);
  return EMBEDDING.filter(([prefix]) => digits.startsWith(prefix)).map(([, start]) =>
    [0, 2, 4, 6].map((at) => Number.parseInt(digits.slice(start + at, start + at + 2), 16)).join('.'),
  );
}

/** All 32 hexadecimal digits of an IPv6 address. */
export function ipv6Digits(address: string): string {
  const [head = '', tail] = canonicalAddress(address).split('::');
  const groups = (text: string | undefined): string[] =>
    text ? text.split(':').map((one) => one.padStart(4, '0')) : [];
  const before = groups(head);
  const after = groups(tail);
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0000'), ...after].join('');
}

function withoutZone(address: string): string {
  return address.split('%', 1)[0]!;
}
