import { createHash } from 'node:crypto';
import type { SharedStore } from '../../shared-store.interface.js';

/** Remembers one-time tokens, for all processes of a relay. */
export interface ReplayMemory {
  /** Whether the token came before, and with another body. */
  isForgery(token: string, body: Uint8Array): Promise<boolean>;
}

export class SharedReplayMemory implements ReplayMemory {
  readonly #store: SharedStore;
  readonly #prefix: string;

  constructor(store: SharedStore, prefix: string) {
    this.#store = store;
    this.#prefix = prefix;
  }

  async isForgery(token: string, body: Uint8Array): Promise<boolean> {
    const digest = createHash('sha256').update(body).digest('base64url');
    const key = this.#prefix + createHash('sha256').update(token).digest('base64url');
    const { text } = await this.#store.swap(key, 0, digest);
    return text !== digest;
  }
}
