import { createHash } from 'node:crypto';
import { quotaFreeAt, takeQuota } from '../../delivery/flow/quota.js';
import type { SharedStore } from '../../shared-store.interface.js';
import { parseRate } from '../../transport/rate.js';
import { SmtpRefusalError } from './smtp-refusal.error.js';
import type { SubmissionUser } from './submission-authenticator.js';

/** Counts the messages of users with a rate, over all processes of a relay. */
export class MessageQuota {
  readonly #store: SharedStore;
  /** Users whose rate is used up, and until when, on this process's clock. */
  readonly #spent = new Map<string, number>();

  constructor(store: SharedStore) {
    this.#store = store;
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
  async take(user: SubmissionUser): Promise<void> {
    if (user.rate === undefined) return;
    const limit = parseRate(user.rate, 'rate');
    const key = `submission:${createHash('sha256').update(user.id).digest('base64url')}`;
    let known = await this.#store.read(key);
    for (;;) {
      const used = known.text === '' ? {} : (JSON.parse(known.text) as { used?: Record<string, number> });
      const until = quotaFreeAt(used, limit, 1, known.now);
      if (until !== undefined) {
        this.#note(user.id, until - known.now);
        throw spent(user.rate, until - known.now);
      }
      takeQuota(used, limit, 1, known.now);
      const swapped = await this.#store.swap(key, known.version, JSON.stringify(used));
      if (swapped.swapped) return;
      known = swapped;
    }
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
