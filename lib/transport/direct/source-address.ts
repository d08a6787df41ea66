import { isIP, isIPv4 } from 'node:net';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { refuseUnknown } from '../../refuse-unknown.js';
import { parseRate } from '../rate.js';
import type { DirectAddress, WarmUp } from './direct-transport-options.interface.js';

/** Where mails go out from, and under what name. */
export interface SourceAddress {
  /** Tells it from others; empty for that which the system takes. */
  readonly key: string;
  readonly name: string;
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly warmup?: WarmUpSettings;
}

/** Recipients a day. */
export interface WarmUpSettings {
  readonly start: number;
  readonly growth: number;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly until: number;
}

/** @throws RelayConfigurationError */
export function sourceAddresses(given: unknown, isQualified: (name: unknown) => boolean): readonly SourceAddress[] {
  if (!Array.isArray(given) || given.length === 0)
    throw new RelayConfigurationError(
      'direct.addresses',
      "is a list: [{ address: '192.0.2.10', name: 'out1.acme.test' }]",
    );
  const sources = given.map((one: DirectAddress, index) =>
    sourceAddress(one, `direct.addresses[${index}]`, isQualified),
  );
  const twice = sources.find(({ key }, index) => sources.findIndex((other) => other.key === key) !== index);
  if (twice) throw new RelayConfigurationError('direct.addresses', `has ${twice.key} twice`);
  return sources;
}

/** Whether mails can go from it to an address. */
export function reaches(source: SourceAddress, address: string): boolean {
  return source.key === '' || localAddress(source, address) !== undefined;
}

export function localAddress({ ipv4, ipv6 }: SourceAddress, to: string): string | undefined {
  return isIPv4(to) ? ipv4 : ipv6;
}

function sourceAddress(given: DirectAddress, path: string, isQualified: (name: unknown) => boolean): SourceAddress {
  refuseUnknown(given, ['address', 'name', 'warmup'], `${path}.`);
  const addresses = [given.address].flat();
  const families = new Map(addresses.map((address) => [isIP(address as string), address as string]));
  if (addresses.length === 0 || families.has(0) || families.size !== addresses.length)
    throw new RelayConfigurationError(`${path}.address`, 'is an IP address of this machine, or one of each family');
  if (!isQualified(given.name))
    throw new RelayConfigurationError(
      `${path}.name`,
      "is the address's name in the DNS, fully qualified: 'out1.acme.test'",
    );
  const [ipv4, ipv6] = [families.get(4), families.get(6)];
  return {
    key: addresses.join('+'),
    name: given.name,
    ...(ipv4 !== undefined && { ipv4 }),
    ...(ipv6 !== undefined && { ipv6 }),
    ...(given.warmup !== undefined && { warmup: warmUp(given.warmup, `${path}.warmup`) }),
  };
}

function warmUp(given: WarmUp, path: string): WarmUpSettings {
  refuseUnknown(given, ['start', 'growth', 'since', 'until'], `${path}.`);
  const { growth = 1.5, since } = given;
  if (typeof growth !== 'number' || !(growth >= 1) || growth > 10)
    throw new RelayConfigurationError(`${path}.growth`, 'is a number from 1 to 10');
  const day = since === undefined ? undefined : dayOf(since);
  if (Number.isNaN(day)) throw new RelayConfigurationError(`${path}.since`, "is a day such as '2026-11-01'");
  return {
    start: perDay(given.start, `${path}.start`),
    growth,
    ...(day !== undefined && { since: day }),
    until: perDay(given.until ?? '1000000/day', `${path}.until`),
  };
}

function perDay(rate: unknown, path: string): number {
  const { count, window } = parseRate(rate, path);
  if (window === DAY && count >= 1) return count;
  throw new RelayConfigurationError(path, "is a number of recipients a day: '50/day'");
}

const DAY = 86_400_000;

function dayOf(since: unknown): number {
  return typeof since === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(since) ? Date.parse(`${since}T00:00:00Z`) : Number.NaN;
}
