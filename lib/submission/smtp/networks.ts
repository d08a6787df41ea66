import { BlockList, isIP } from 'node:net';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';

/** A set of networks. */
export interface Networks {
  has(address: string): boolean;
  readonly isEmpty: boolean;
}

/** @throws RelayConfigurationError that names the option */
export function readNetworks(networks: readonly string[], option: string): Networks {
  if (!Array.isArray(networks))
    throw new RelayConfigurationError(option, "is an array of networks such as ['10.0.0.0/8', '::1']");
  const list = new BlockList();
  for (const [index, network] of networks.entries()) add(list, network, `${option}[${index}]`);
  return {
    has: (address) => isIP(address) !== 0 && list.check(address, familyOf(address)),
    isEmpty: networks.length === 0,
  };
}

/** What belongs to one client: an IPv4 address, or an IPv6 network of 64 bits, of which a client has all addresses. */
export function clientNetwork(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('%', 1)[0]!.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const last = tail === '' ? [] : tail.split(':');
    while (groups.length + last.length < 8) groups.push('0');
    groups.push(...last);
  }
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

function add(list: BlockList, network: unknown, option: string): void {
  const [address = '', prefix, ...rest] = typeof network === 'string' ? network.split('/') : [];
  const bits = isIP(address) === 6 ? 128 : 32;
  const length = prefix === undefined ? bits : Number(prefix);
  if (isIP(address) === 0 || rest.length > 0 || !/^\d{1,3}$/.test(prefix ?? '0') || length > bits)
    throw new RelayConfigurationError(
      option,
      `${JSON.stringify(network)} is no network; give an address or a CIDR block, such as '10.0.0.0/8' or 'fd00::/8'`,
    );
  if (length === 0) throw new RelayConfigurationError(option, `${address}/0 is everybody: that would be an open relay`);
  list.addSubnet(address, length, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
