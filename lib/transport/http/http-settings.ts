import { isIPv4 } from 'node:net';
import { type Duration, toMilliseconds } from '../../duration.js';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';

/** What every transport over HTTP takes. */
export interface HttpTransportOptions {
  /** Another address of the API: a gateway, a test server. `https:`; `http:` for loopback and for names without a dot (a container's). */
  baseUrl?: string;
  /** From the first byte to the last of the answer. Default `'60s'`: to give up earlier is to risk a duplicate. */
  timeout?: Duration;
}

/** {@link HttpTransportOptions} checked. */
export interface HttpSettings {
  readonly baseUrl: URL;
  /** Milliseconds. */
  readonly timeout: number;
}

/**
 * @param provider names the option in errors: `postmark.baseUrl`
 * @param usual the provider's own address
 * @throws RelayConfigurationError
 */
export function httpSettings(provider: string, options: HttpTransportOptions, usual: string): HttpSettings {
  return {
    baseUrl: baseUrlOf(`${provider}.baseUrl`, options.baseUrl ?? usual),
    timeout: milliseconds(`${provider}.timeout`, options.timeout ?? '60s'),
  };
}

/** @throws RelayConfigurationError that names what is no option, and those there are */
export function refuseUnknownOptions(provider: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options ?? {}).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new RelayConfigurationError(`${provider}.${unknown}`, `no such option; there are ${known.join(', ')}`);
}

/**
 * A token or key, as it may stand in a header.
 *
 * @throws RelayConfigurationError which does not repeat it
 */
export function secretOf(option: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new RelayConfigurationError(option, 'is missing');
  if (!/^[!-~]+$/.test(value))
    throw new RelayConfigurationError(option, 'holds a space, a line break or a character that is not ASCII');
  return value;
}

/**
 * An address over HTTP.
 *
 * @throws RelayConfigurationError which does not repeat it
 */
export function baseUrlOf(option: string, value: unknown): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash)
    throw new RelayConfigurationError(option, "must be a URL such as 'https://api.acme.test', without ? and #");
  if (url.username || url.password)
    throw new RelayConfigurationError(option, 'holds a user or a password; those have options of their own');
  if (url.protocol === 'http:' && !isNear(url.hostname))
    throw new RelayConfigurationError(option, 'must be https: the key and the mail would travel in clear');
  return url;
}

function isNear(host: string): boolean {
  return host === '[::1]' || (isIPv4(host) ? host.startsWith('127.') : /^(?:[^.[]+|.+\.localhost)$/.test(host));
}

/**
 * A time-out in milliseconds.
 *
 * @throws RelayConfigurationError
 */
export function milliseconds(option: string, value: Duration): number {
  try {
    const time = toMilliseconds(value, option);
    if (time >= 1 && time <= 3_600_000) return time;
  } catch {
    // What it says is said below.
  }
  throw new RelayConfigurationError(option, "must be a time of up to an hour, such as '30s'");
}
