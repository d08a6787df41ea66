import { MailError } from '../errors/mail.error.js';
import type { MailJob } from './mail-job.interface.js';
import type { OutcomeStore } from './outcome-store.interface.js';

/** How long a confirmation holds, in milliseconds: far below the lock's duration. */
const FRESH = 1_000;

/** A worker's right to send a mail: its lock on the job, and that nobody cancelled meanwhile. */
export class Claim {
  readonly #job: MailJob;
  readonly #store: OutcomeStore;
  readonly #now: () => number;
  #confirmedAt = -Infinity;
  #transport?: string;
  cancelled = false;
  lost = false;
  /** The backend could not be asked. */
  unwritable = false;

  constructor(job: MailJob, store: OutcomeStore, now: () => number) {
    this.#job = job;
    this.#store = store;
    this.#now = now;
  }

  /**
   * Renews the lock and marks the mail as being sent. A lost lock means that another worker sends it; a store that cannot be written
   * to means that the outcome could not be kept. In both cases nothing must be sent.
   *
   * @param transport which is about to have the mail
   */
  async confirm(transport: string): Promise<void> {
    // Monotonic, and it runs while the event loop is blocked.
    if (transport === this.#transport && performance.now() - this.#confirmedAt < FRESH) return;
    const { snapshot, stalls } = this.#job;
    if (!(await this.#ask(() => this.#job.extendLock()))) {
      this.lost = true;
      throw new MailError('Another worker has taken this mail over', { code: 'ELOCK' });
    }
    // Only now: who has lost the lock must leave no mark in the store.
    if ((await this.#ask(() => this.#store.begin(snapshot.id, this.#now(), stalls, transport))) === 'cancelled') {
      this.cancelled = true;
      throw new MailError('The mail was cancelled', { code: 'ECANCELLED' });
    }
    this.#confirmedAt = performance.now();
    this.#transport = transport;
  }

  /** An attempt is over, and written down: the next one is marked anew. */
  used(): void {
    this.#transport = undefined;
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      this.unwritable = true;
      throw error;
    }
  }
}
