import { getServers } from 'node:dns';
import { isIP } from 'node:net';
import type { Duration } from '../duration.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { durationOption } from '../read-option.js';
import { refuseUnknown } from '../refuse-unknown.js';
import { isLoopback } from './ip-address.js';
import type { DnsOptions } from './dns-options.interface.js';

/** {@link DnsOptions} checked, with every default filled in. Durations are milliseconds. */
export interface DnsSettings {
  readonly servers: readonly DnsServer[];
  readonly timeout: number;
  readonly tries: number;
  readonly cacheSize: number;
  readonly maxTtl: number;
  readonly maxNegativeTtl: number;
}

export interface DnsServer {
  readonly address: string;
  readonly port: number;
  /** Its AD bit is believed. */
  readonly trusted: boolean;
}

/**
 * @param path names the options in errors
 * @throws RelayConfigurationError names the option that is wrong, and how to mend it
 */
export function dnsSettings(options: DnsOptions = {}, path = 'dns'): DnsSettings {
  refuseUnknown(options, Object.keys(OPTIONS), `${path}.`);
  const trustAd = options.trustAd ?? false;
  if (typeof trustAd !== 'boolean') throw new RelayConfigurationError(`${path}.trustAd`, 'is true or false');
  return {
    servers: serversOf(options.servers ?? getServers(), trustAd, `${path}.servers`),
    timeout: timeoutOf(options.timeout ?? '3s', `${path}.timeout`),
    tries: whole(options.tries ?? 2, `${path}.tries`),
    cacheSize: whole(options.cacheSize ?? 10_000, `${path}.cacheSize`),
    maxTtl: durationOption(`${path}.maxTtl`, options.maxTtl ?? '24h'),
    maxNegativeTtl: durationOption(`${path}.maxNegativeTtl`, options.maxNegativeTtl ?? '1h'),
  };
}

const OPTIONS: Readonly<Record<keyof DnsOptions, true>> = {
  servers: true,
  timeout: true,
  tries: true,
  trustAd: true,
  cacheSize: true,
  maxTtl: true,
  maxNegativeTtl: true,
};

/** Forwards on its address what resolvers elsewhere said, their AD bit too. */
const DOCKER = '127.0.0.11';

function serversOf(servers: unknown, trustAd: boolean, path: string): DnsServer[] {
  if (!Array.isArray(servers) || servers.length === 0)
    throw new RelayConfigurationError(path, "is a list of resolvers such as ['127.0.0.1:53'], one at least");
  return servers.map((text: unknown, index) => {
    const [, bracketed, bare, port = '53'] =
      typeof text === 'string' ? (/^(?:\[([^\]]+)\]|([^\]:]+))(?::(\d{1,5}))?$/.exec(text) ?? []) : [];
    const address = typeof text === 'string' && isIP(text) ? text : (bracketed ?? bare ?? '');
    if (!isIP(address) || Number(port) < 1 || Number(port) > 65_535)
      throw new RelayConfigurationError(
        `${path}[${index}]`,
        `${JSON.stringify(text)} is no resolver; give an IP address, with a port if it is not 53: '127.0.0.1:5353', '[::1]:5353'`,
      );
    return { address, port: Number(port), trusted: trustAd || (isLoopback(address) && address !== DOCKER) };
  });
}

function timeoutOf(value: Duration, path: string): number {
  const milliseconds = durationOption(path, value);
  if (milliseconds >= 1) return milliseconds;
  throw new RelayConfigurationError(path, 'is longer than nothing');
}

function whole(value: unknown, path: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
  throw new RelayConfigurationError(path, `${String(value)} is no whole number of 1 or more`);
}
