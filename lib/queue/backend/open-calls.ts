import { QueueUnavailableError } from '../../errors/queue-unavailable.error.js';
import { within } from '../within.js';

/** How long calls under way may take when the queue closes, in milliseconds. */
const LAST_ANSWERS = 1_000;

/** The calls under way. Those that come after the end are refused: BullMQ would never answer them. */
export class OpenCalls {
  readonly #open = new Set<Promise<unknown>>();
  #closed = false;

  /** @throws QueueUnavailableError after {@link close} */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new QueueUnavailableError(false, 'Not queued: the queue is closed');
    const call = work();
    this.#open.add(call);
    try {
      return await call;
    } finally {
      this.#open.delete(call);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await within(LAST_ANSWERS, Promise.allSettled(this.#open));
  }
}
