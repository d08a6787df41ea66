import type { SharedStore } from '../../shared-store.interface.js';
import type { RateLimit } from '../../transport/rate.js';
import { ApiRejectedError } from './api-rejected.error.js';
import type { CheckedClient } from './read-api-client.js';

/** Counts the messages of clients over all processes, by the generic cell rate algorithm (ITU-T I.371 annex A). */
export class ApiRate {
  readonly #store: SharedStore;
  /** The last of each client's requests here: they do not get in each other's way. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(store: SharedStore) {
    this.#store = store;
  }

  /** @throws ApiRejectedError 429; QueueUnavailableError */
  async take({ id, rate }: CheckedClient, messages: number): Promise<void> {
    if (!rate || messages === 0) return;
    if (messages > rate.count)
      throw new ApiRejectedError(429, 'rate-limited', `This key may send ${rate.count} messages at once at most`);
    const before = this.#last.get(id);
    const turn = (before ?? Promise.resolve()).then(() => this.#count(id, rate, messages));
    const settled = turn.catch(() => {});
    this.#last.set(id, settled);
    try {
      await turn;
    } finally {
      if (this.#last.get(id) === settled) this.#last.delete(id);
    }
  }

  async #count(id: string, { count, window }: RateLimit, messages: number): Promise<void> {
    const interval = window / count;
    const key = `api-rate:${id}`;
    let document = await this.#store.read(key);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { now, version, text } = document;
      // A clock that was set back must not shut a client out.
      const taken = Math.min(Math.max(Number(text) || 0, now), now + window);
      const next = taken + messages * interval;
      // A whole window of them may come at once.
      if (next > now + window) throw tooFast(next - window - now);
      const swap = await this.#store.swap(key, version, String(next));
      if (swap.swapped) return;
      document = swap;
    }
    throw tooFast(1_000);
  }
}

/** Of processes that count the same client at the same moment, one goes on each time. */
const ATTEMPTS = 50;

function tooFast(wait: number): ApiRejectedError {
  const seconds = Math.max(1, Math.ceil(wait / 1_000));
  return new ApiRejectedError(429, 'rate-limited', `This key sends too fast; go on in ${seconds} s`, {
    headers: { 'Retry-After': String(seconds) },
  });
}
