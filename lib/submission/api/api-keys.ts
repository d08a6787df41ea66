import { createHash, timingSafeEqual } from 'node:crypto';
import { type ApiClient, type ApiCredentials, ApiKeyAuthenticator } from './api-key-authenticator.js';

/** The keys of the configuration, kept as hashes only. */
export class ApiKeys extends ApiKeyAuthenticator {
  readonly #keys: readonly { hash: Buffer; client: ApiClient }[];

  /** @param keys SHA-256 of each key, and who holds it */
  constructor(keys: readonly { hash: Buffer; client: ApiClient }[]) {
    super();
    this.#keys = keys;
  }

  /** Takes the same time whichever key is given. */
  async authenticate({ key }: ApiCredentials): Promise<ApiClient | null> {
    const hash = hashOfKey(key);
    let found: ApiClient | null = null;
    for (const one of this.#keys) if (timingSafeEqual(one.hash, hash)) found = one.client;
    return found;
  }
}

export function hashOfKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
