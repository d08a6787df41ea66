import type { SharedStore } from '../../shared-store.interface.js';
import { MessageRate } from '../message-rate.js';
import { ApiRejectedError } from './api-rejected.error.js';
import type { CheckedClient } from './read-api-client.js';

/** Holds clients to their rates. */
export class ApiRate {
  readonly #rate: MessageRate;

  constructor(store: SharedStore) {
    this.#rate = new MessageRate(store, 'api');
  }

  /** @throws ApiRejectedError 429; QueueUnavailableError */
  async take({ id, rate }: CheckedClient, messages: number): Promise<void> {
    if (!rate || messages === 0) return;
    const most = Math.max(1, Math.floor(rate.count));
    if (messages > most)
      throw new ApiRejectedError(429, 'rate-limited', `This key may send ${most} messages at once at most`);
    const wait = await this.#rate.take(id, rate, messages);
    if (wait === undefined) return;
    const seconds = Math.max(1, Math.ceil(wait / 1_000));
    throw new ApiRejectedError(429, 'rate-limited', `This key sends too fast; go on in ${seconds} s`, {
      headers: { 'Retry-After': String(seconds) },
    });
  }
}
