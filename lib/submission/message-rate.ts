import { createHash } from 'node:crypto';
import { quotaFreeAt, takeQuota } from '../delivery/flow/quota.js';
import type { SharedStore } from '../shared-store.interface.js';
import type { RateLimit } from '../transport/rate.js';

/** Counts the messages of whoever has a rate, over all processes of a relay. */
export class MessageRate {
  readonly #store: SharedStore;
  readonly #kind: string;
  /** The last to count of each here: they do not get in each other's way. */
  readonly #last = new Map<string, Promise<unknown>>();

  /** @param kind names the ids: those of two kinds are not the same */
  constructor(store: SharedStore, kind: string) {
    this.#store = store;
    this.#kind = kind;
  }

  /**
   * Takes messages into the count, or none of them.
   *
   * @returns where there is no room for them, for how long, in milliseconds
   * @throws QueueUnavailableError
   */
  async take(id: string, limit: RateLimit, messages: number): Promise<number | undefined> {
    const turn = (this.#last.get(id) ?? Promise.resolve()).then(() => this.#count(id, limit, messages));
    const settled = turn.catch(() => {});
    this.#last.set(id, settled);
    try {
      return await turn;
    } finally {
      if (this.#last.get(id) === settled) this.#last.delete(id);
    }
  }

  async #count(id: string, limit: RateLimit, messages: number): Promise<number | undefined> {
    const key = `${this.#kind}:${createHash('sha256').update(id).digest('base64url')}`;
    let known = await this.#store.read(key);
    for (;;) {
      const used = known.text === '' ? {} : (JSON.parse(known.text) as { used?: Record<string, number> });
      const freeAt = quotaFreeAt(used, limit, messages, known.now);
      if (freeAt !== undefined) return freeAt - known.now;
      takeQuota(used, limit, messages, known.now);
      const swapped = await this.#store.swap(key, known.version, JSON.stringify(used));
      if (swapped.swapped) return undefined;
      known = swapped;
    }
  }
}
