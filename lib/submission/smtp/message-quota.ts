import type { SharedStore } from '../../shared-store.interface.js';
import { parseRate } from '../../transport/rate.js';
import { MessageRate } from '../message-rate.js';
import { SmtpRefusalError } from './smtp-refusal.error.js';
import type { SubmissionUser } from './submission-authenticator.js';

/** Holds users to their rates. */
export class MessageQuota {
  readonly #rate: MessageRate;
  /** Users whose rate is used up, and until when, on this process's clock. */
  readonly #spent = new Map<string, number>();

  constructor(store: SharedStore) {
    this.#rate = new MessageRate(store, 'submission');
  }

  /** Refuses early, by what is known here. @throws SmtpRefusalError */
  check({ id, rate }: SubmissionUser): void {
    const until = this.#spent.get(id);
    if (rate === undefined || until === undefined) return;
    const wait = until - performance.now();
    if (wait > 0) throw spent(rate, wait);
    this.#spent.delete(id);
  }

  /** Takes a message into the count. @throws SmtpRefusalError, QueueUnavailableError */
  async take({ id, rate }: SubmissionUser): Promise<void> {
    if (rate === undefined) return;
    const wait = await this.#rate.take(id, parseRate(rate, 'rate'), 1);
    if (wait === undefined) return;
    this.#note(id, wait);
    throw spent(rate, wait);
  }

  #note(id: string, wait: number): void {
    if (this.#spent.size >= MOST_KNOWN) this.#spent.clear();
    // Another process may have counted wrongly, or the user may have got more: asked again soon.
    this.#spent.set(id, performance.now() + Math.min(wait, LONGEST));
  }
}

function spent(rate: string, wait: number): SmtpRefusalError {
  return new SmtpRefusalError(
    450,
    '4.7.1',
    `Your rate of ${rate} is used up; come again in ${Math.ceil(wait / 1_000)} s`,
  );
}

const MOST_KNOWN = 10_000;

/** Milliseconds. */
const LONGEST = 5_000;
