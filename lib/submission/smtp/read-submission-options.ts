import { hostname } from 'node:os';
import { isIP } from 'node:net';
import type { Type } from '@nestjs/common';
import { MAX_RAW_SIZE } from '../../compose/read-raw.js';
import { toMilliseconds } from '../../duration.js';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { refuseUnknown } from '../../refuse-unknown.js';
import { type Networks, readNetworks } from './networks.js';
import type {
  RelaySubmissionOptions,
  SubmissionListener,
  SubmissionTls,
} from './relay-submission-options.interface.js';
import type { SubmissionAuthenticator } from './submission-authenticator.js';

/** {@link RelaySubmissionOptions} checked; durations in milliseconds. */
export interface SubmissionSettings {
  readonly listen: readonly ListenSettings[];
  readonly tls?: () => SubmissionTls | Promise<SubmissionTls>;
  /** Whether `tls` may give another certificate the next time. */
  readonly renews: boolean;
  readonly authenticator?: Type<SubmissionAuthenticator> | SubmissionAuthenticator;
  readonly trusted: Networks;
  readonly maxSize: number;
  readonly maxRecipients: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly maxBuffered: number;
  readonly maxErrors: number;
  readonly maxLoginFailures: number;
  readonly idleTimeout: number;
  readonly loginTimeout: number;
  readonly messageTimeout: number;
  readonly shutdownTimeout: number;
  readonly name: string;
  readonly traceUser: boolean;
}

export type ListenSettings = Required<Pick<SubmissionListener, 'port' | 'tls'>> & Pick<SubmissionListener, 'host'>;

/** @throws RelayConfigurationError that names the option, and never a secret */
export function readSubmissionOptions(options: RelaySubmissionOptions): SubmissionSettings {
  if (typeof options !== 'object' || options === null)
    throw new RelayConfigurationError('submission', 'is an object: { listen: [{ port: 587 }], tls, authenticator }');
  refuseUnknown(options, NAMES, PREFIX);
  const { tls, authenticator, trusted = [], name = defaultName(), traceUser = false } = options;
  const listen = readListeners(options.listen, tls !== undefined);
  if (listen.some((one) => one.tls !== 'none') && tls === undefined)
    refuse('tls', "is needed for 'starttls' and 'implicit': { key, cert } as PEM. Clear text is tls: 'none'");
  if (authenticator === undefined && trusted.length === 0)
    refuse('authenticator', 'is missing, and no network is trusted: nobody could send. Give one of them');
  if (authenticator !== undefined && typeof authenticator !== 'function' && !isAuthenticator(authenticator))
    refuse('authenticator', 'is a class that extends SubmissionAuthenticator, or an instance of one');
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(name))
    refuse('name', "is a host's name, such as 'mail.acme.test'");
  if (typeof traceUser !== 'boolean') refuse('traceUser', 'is true or false');
  const maxSize = whole(options, 'maxSize', MAX_RAW_SIZE, MAX_RAW_SIZE);
  const limits = {
    maxSize,
    maxRecipients: whole(options, 'maxRecipients', 100, 10_000),
    maxConnections: whole(options, 'maxConnections', 200),
    maxConnectionsPerAddress: whole(options, 'maxConnectionsPerAddress', 50),
    maxBuffered: whole(options, 'maxBuffered', Math.max(128 * 1024 * 1024, maxSize)),
    maxErrors: whole(options, 'maxErrors', 20),
    maxLoginFailures: whole(options, 'maxLoginFailures', 3),
  };
  if (limits.maxBuffered < maxSize)
    refuse('maxBuffered', 'is less than maxSize: no message of that size could come in');
  return {
    ...limits,
    listen,
    ...(tls !== undefined && { tls: typeof tls === 'function' ? tls : () => tls }),
    renews: typeof tls === 'function',
    ...(authenticator !== undefined && { authenticator }),
    trusted: readNetworks(trusted, `${PREFIX}trusted`),
    idleTimeout: duration(options, 'idleTimeout', 300_000),
    loginTimeout: duration(options, 'loginTimeout', 60_000),
    messageTimeout: duration(options, 'messageTimeout', 900_000),
    shutdownTimeout: duration(options, 'shutdownTimeout', 30_000),
    name,
    traceUser,
  };
}

const PREFIX = 'submission.';

const NAMES = [
  'listen',
  'tls',
  'authenticator',
  'trusted',
  'maxSize',
  'maxRecipients',
  'maxConnections',
  'maxConnectionsPerAddress',
  'maxBuffered',
  'maxErrors',
  'maxLoginFailures',
  'idleTimeout',
  'loginTimeout',
  'messageTimeout',
  'shutdownTimeout',
  'name',
  'traceUser',
  'relay',
] as const satisfies readonly (keyof RelaySubmissionOptions)[];

/** What each port is for: RFC 6409, RFC 8314 section 3.3. */
const BY_PORT: Readonly<Record<number, ListenSettings['tls']>> = {
  25: 'starttls',
  465: 'implicit',
  587: 'starttls',
  2525: 'none',
};

function readListeners(listen: unknown, hasCertificate: boolean): ListenSettings[] {
  if (!Array.isArray(listen) || listen.length === 0)
    return refuse('listen', 'names no port; give e.g. [{ port: 587 }, { port: 465 }]');
  return listen.map((one: SubmissionListener, index) => {
    const option = `listen[${index}]`;
    refuseUnknown(one, ['port', 'host', 'tls'], `${PREFIX}${option}.`);
    const { port, host } = one;
    if (!Number.isInteger(port) || port < 0 || port > 65_535) refuse(`${option}.port`, 'is a port from 0 to 65535');
    const tls = one.tls ?? BY_PORT[port] ?? (hasCertificate ? 'starttls' : 'none');
    if (!['implicit', 'starttls', 'none'].includes(tls)) refuse(`${option}.tls`, "is 'implicit', 'starttls' or 'none'");
    if (host !== undefined && (typeof host !== 'string' || (isIP(host) === 0 && host !== 'localhost')))
      refuse(`${option}.host`, "is an address of this machine, such as '0.0.0.0', '::' or '127.0.0.1'");
    const where = host ?? (tls === 'none' ? '127.0.0.1' : undefined);
    return { port, tls, ...(where !== undefined && { host: where }) };
  });
}

function whole(
  options: RelaySubmissionOptions,
  name: keyof RelaySubmissionOptions,
  otherwise: number,
  most = 2 ** 40,
): number {
  const value = options[name] ?? otherwise;
  if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > most)
    refuse(name, `is a whole number from 1 to ${most.toLocaleString('en')}`);
  return value as number;
}

function duration(options: RelaySubmissionOptions, name: keyof RelaySubmissionOptions, otherwise: number): number {
  try {
    const milliseconds = toMilliseconds((options[name] ?? otherwise) as number, name);
    if (milliseconds >= 1 && milliseconds <= 86_400_000) return milliseconds;
  } catch {
    // Told below.
  }
  return refuse(name, "is a time up to '1d', such as '5m'");
}

function isAuthenticator(value: unknown): boolean {
  return typeof (value as Partial<SubmissionAuthenticator> | null)?.authenticate === 'function';
}

/** A machine's name may hold what a host's may not. */
function defaultName(): string {
  return (
    hostname()
      .replaceAll(/[^A-Za-z0-9.-]/g, '-')
      .replaceAll(/^[.-]+|[.-]+$/g, '')
      .slice(0, 253) || 'localhost'
  );
}

function refuse(option: string, why: string): never {
  throw new RelayConfigurationError(PREFIX + option, why);
}
