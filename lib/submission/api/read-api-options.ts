import { type Duration, toMilliseconds } from '../../duration.js';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { readMountPath } from '../../http/mount-handler.js';
import { refuseUnknown } from '../../refuse-unknown.js';
import type { ApiClient } from './api-key-authenticator.js';
import { ApiKeys, hashOfKey } from './api-keys.js';
import { readApiClient } from './read-api-client.js';
import type { ApiKeyOptions, RelayApiOptions } from './relay-api-options.interface.js';

export interface ApiSettings {
  /** Begins with a slash, ends without. */
  readonly path: string;
  readonly authenticator: NonNullable<RelayApiOptions['authenticator']>;
  /** Bytes. */
  readonly maxBody: number;
  readonly maxMessages: number;
  /** Milliseconds. */
  readonly maxWait: number;
  /** Milliseconds. */
  readonly bodyTimeout: number;
}

/** @throws RelayConfigurationError that names the option, and holds no key */
export function readApiOptions(options: RelayApiOptions): ApiSettings {
  if (typeof options !== 'object' || options === null)
    throw new RelayConfigurationError('api', 'is an object; did the factory return nothing?');
  refuseUnknown(options, OPTIONS, 'api.');
  const { path = 'relay', maxBody = MAX_BODY, maxMessages = 1_000, maxWait = '60s', bodyTimeout = '60s' } = options;
  for (const [option, value] of Object.entries({ maxBody, maxMessages }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RelayConfigurationError(`api.${option}`, 'is a whole number of 1 or more');
  return {
    path: readMountPath(path, 'api.path'),
    authenticator: readAuthenticator(options),
    maxBody,
    maxMessages,
    maxWait: readTime(maxWait, 'api.maxWait'),
    bodyTimeout: readTime(bodyTimeout, 'api.bodyTimeout'),
  };
}

/** 25 MiB in base64, and some. */
const MAX_BODY = 35 * 1024 * 1024;

const OPTIONS = [
  'path',
  'apiKeys',
  'authenticator',
  'relay',
  'maxBody',
  'maxMessages',
  'maxWait',
  'bodyTimeout',
] as const satisfies readonly (keyof RelayApiOptions)[];

function readAuthenticator({ apiKeys, authenticator }: RelayApiOptions): ApiSettings['authenticator'] {
  if ((apiKeys === undefined) === (authenticator === undefined))
    throw new RelayConfigurationError(
      'api.apiKeys',
      "give either apiKeys: [{ id, key, scopes: ['send'] }] or an authenticator; nobody is let in without a key",
    );
  if (apiKeys !== undefined) return readKeys(apiKeys);
  if (typeof authenticator === 'function' || typeof authenticator?.authenticate === 'function') return authenticator;
  throw new RelayConfigurationError('api.authenticator', 'is a class or an object with authenticate(credentials)');
}

function readKeys(apiKeys: readonly ApiKeyOptions[]): ApiKeys {
  if (!Array.isArray(apiKeys) || apiKeys.length === 0)
    throw new RelayConfigurationError('api.apiKeys', "is an array such as [{ id: 'shop', key, scopes: ['send'] }]");
  const keys = apiKeys.map((options: ApiKeyOptions, index) => {
    const option = `api.apiKeys[${index}]`;
    refuseUnknown(options, [...CLIENT, 'key', 'sha256'], `${option}.`);
    const { key: _key, sha256: _sha256, ...client } = options;
    readApiClient(client, option);
    return { hash: readHash(options, option), client: Object.freeze(client) };
  });
  refuseTwice(
    keys.map(({ client }) => client.id),
    'id',
  );
  refuseTwice(
    keys.map(({ hash }) => hash.toString('hex')),
    'key',
  );
  return new ApiKeys(keys);
}

const CLIENT = ['id', 'scopes', 'senders', 'stream', 'tenant', 'rate'] as const satisfies readonly (keyof ApiClient)[];

function readHash(given: { key?: unknown; sha256?: unknown }, option: string): Buffer {
  const { key, sha256 } = given;
  const unset = ['key', 'sha256'].find((name) => name in given);
  if (key === undefined && sha256 === undefined && unset !== undefined)
    throw new RelayConfigurationError(`${option}.${unset}`, 'is undefined: is the environment variable set?');
  if ((key === undefined) === (sha256 === undefined))
    throw new RelayConfigurationError(option, 'has either key or sha256, which is the hash of one');
  if (sha256 !== undefined) {
    if (typeof sha256 === 'string' && /^[\da-f]{64}$/i.test(sha256)) return Buffer.from(sha256, 'hex');
    throw new RelayConfigurationError(`${option}.sha256`, 'is the SHA-256 of a key: 64 hexadecimal digits');
  }
  // RFC 6750 section 2.1: b64token.
  if (typeof key === 'string' && /^[\w.~+/-]{16,1024}={0,2}$/.test(key)) return hashOfKey(key);
  throw new RelayConfigurationError(
    `${option}.key`,
    'is a text of at least 16 letters, digits and - . _ ~ + /; make one with: openssl rand -base64 32',
  );
}

function refuseTwice(values: readonly string[], what: string): void {
  const index = values.findIndex((value, at) => values.indexOf(value) !== at);
  if (index >= 0) throw new RelayConfigurationError(`api.apiKeys[${index}].${what}`, 'is there twice');
}

function readTime(time: Duration, option: string): number {
  try {
    const milliseconds = toMilliseconds(time, option);
    if (milliseconds >= 1 && milliseconds <= LONGEST_TIME) return milliseconds;
  } catch {
    // Told below.
  }
  throw new RelayConfigurationError(option, "is a time of at most '10m', such as '60s'");
}

const LONGEST_TIME = 600_000;
