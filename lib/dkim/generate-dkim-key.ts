import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { DnsRecord } from '../dns/dns-record.interface.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { dkimRecord } from './dkim-record.js';
import { dkimDomain, isDkimSelector } from './dkim-names.js';
import type { DkimOptions } from './dkim-options.interface.js';

/** `rsa`: every receiver knows it. `ed25519` (RFC 8463): small and fast, and not known to all; sign with both. */
export type DkimKeyType = 'rsa' | 'ed25519';

export interface DkimKeyOptions {
  /** The signing domain (`d=`). */
  domain: string;
  selector: string;
  /** Default `rsa`. */
  type?: DkimKeyType;
  /** Of an RSA key: 2048 (default), 3072 or 4096. Longer than 2048 is more than some receivers and DNS services take. */
  bits?: 2048 | 3072 | 4096;
}

/**
 * A new DKIM key: it is what the option `dkim` of a transport takes, and knows the record to publish. The private key is in no
 * `JSON.stringify` and no log of it.
 */
export class DkimKey implements DkimOptions {
  readonly domain: string;
  readonly selector: string;
  readonly type: DkimKeyType;
  /** To be published before anything is signed with it. */
  readonly record: DnsRecord;
  readonly #privateKey: string;

  constructor(domain: string, selector: string, key: KeyObject) {
    this.domain = domain;
    this.selector = selector;
    this.type = key.asymmetricKeyType === 'ed25519' ? 'ed25519' : 'rsa';
    this.record = dkimRecord(domain, selector, createPublicKey(key));
    this.#privateKey = key.export({ type: 'pkcs8', format: 'pem' }) as string;
  }

  /** PKCS#8 in PEM. */
  get privateKey(): string {
    return this.#privateKey;
  }
}

/** @throws RelayConfigurationError for a wrong domain, selector or type */
export async function generateDkimKey({
  domain,
  selector,
  type = 'rsa',
  bits = 2048,
}: DkimKeyOptions): Promise<DkimKey> {
  const name = dkimDomain(domain);
  if (name === undefined) throw new RelayConfigurationError('domain', 'is no domain; give e.g. acme.test');
  if (!isDkimSelector(String(selector)))
    throw new RelayConfigurationError(
      'selector',
      "is no selector; give letters, digits and hyphens, e.g. 'relay202611a'",
    );
  return new DkimKey(name, selector, await generated(type, bits));
}

/** A key of each type; the first has the selector itself, the others have their type behind it. */
export function generateDkimKeys(
  types: readonly DkimKeyType[],
  { selector, ...options }: Omit<DkimKeyOptions, 'type'>,
): Promise<DkimKey[]> {
  const all = types.map((type, index) => ({ type, selector: index === 0 ? selector : `${selector}-${type}` }));
  return Promise.all(all.map((one) => generateDkimKey({ ...options, ...one })));
}

async function generated(type: DkimKeyType, bits: number): Promise<KeyObject> {
  if (type === 'ed25519') return (await promisify(generateKeyPair)('ed25519')).privateKey;
  if (type !== 'rsa') throw new RelayConfigurationError('type', "is 'rsa' or 'ed25519'");
  if (!BITS.includes(bits)) throw new RelayConfigurationError('bits', `is one of ${BITS.join(', ')}`);
  return (await promisify(generateKeyPair)('rsa', { modulusLength: bits })).privateKey;
}

const BITS: readonly number[] = [2048, 3072, 4096];
