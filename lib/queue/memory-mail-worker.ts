import { clearTimeout, setTimeout } from 'node:timers';
import type { MailSnapshot } from '../mail/mail-snapshot.interface.js';
import type { JobHandler, JobOutcome, MailWorker } from './mail-queue.interface.js';
import type { RelayLogger } from './outage-log.js';
import { within } from './within.js';

export interface MemoryJob {
  readonly snapshot: MailSnapshot;
  state: 'waiting' | 'active' | 'failed';
  /** Milliseconds since the epoch. */
  due: number;
  /** Its place among those of its priority. */
  sequence: number;
  activations: number;
}

/** The queue as its worker sees it. */
export interface MemoryJobs {
  next(): MemoryJob | undefined;
  remove(job: MemoryJob): void;
  now(): number;
  nextDue(): number | undefined;
  closed(): void;
}

/** Takes jobs from memory. */
export class MemoryMailWorker implements MailWorker {
  readonly #handler: JobHandler;
  readonly #concurrency: number;
  readonly #logger: RelayLogger;
  readonly #jobs: MemoryJobs;
  readonly #inFlight = new Map<Promise<void>, AbortController>();
  #alarm?: NodeJS.Timeout;
  #closing = false;

  constructor(handler: JobHandler, concurrency: number, logger: RelayLogger, jobs: MemoryJobs) {
    this.#handler = handler;
    this.#concurrency = concurrency;
    this.#logger = logger;
    this.#jobs = jobs;
  }

  /** Something may have become due. */
  wake(): void {
    while (!this.#closing && this.#inFlight.size < this.#concurrency) {
      const job = this.#jobs.next();
      if (!job) return this.#sleep();
      const controller = new AbortController();
      const running: Promise<void> = this.#run(job, controller.signal).finally(() => {
        this.#inFlight.delete(running);
        this.wake();
      });
      this.#inFlight.set(running, controller);
    }
  }

  get busy(): boolean {
    return this.#inFlight.size > 0;
  }

  /** Resolves when nothing is in flight. */
  async idle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight.keys());
  }

  async close(deadline: number): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#alarm);
    const idle = this.idle();
    if (!(await within(deadline, idle))) {
      for (const controller of this.#inFlight.values()) controller.abort(new Error('The relay is shutting down'));
    }
    await idle;
    this.#jobs.closed();
  }

  async #run(job: MemoryJob, signal: AbortSignal): Promise<void> {
    job.state = 'active';
    const first = job.activations++ === 0;
    // As from a real queue: never in the same turn as what queued it.
    await Promise.resolve();
    this.#conclude(job, await this.#handled(job, first, signal));
  }

  async #handled({ snapshot }: MemoryJob, first: boolean, signal: AbortSignal): Promise<JobOutcome> {
    try {
      return await this.#handler({ snapshot, stalls: 0, first, signal, extendLock: async () => true });
    } catch (error) {
      const trace = error instanceof Error ? error.stack : String(error);
      this.#logger.error(`A defect of the relay at mail ${snapshot.id}, which is tried again in a minute`, trace);
      return { type: 'later', at: this.#jobs.now() + AFTER_DEFECT };
    }
  }

  #conclude(job: MemoryJob, outcome: JobOutcome): void {
    job.state = outcome.type === 'dead' ? 'failed' : 'waiting';
    if (outcome.type === 'done') this.#jobs.remove(job);
    else if (outcome.type === 'later') job.due = outcome.at;
    else if (outcome.type === 'release') job.sequence = -Math.abs(job.sequence);
  }

  /** Time goes by, too; but no test waits for it, and no process stays alive. */
  #sleep(): void {
    clearTimeout(this.#alarm);
    const due = this.#jobs.nextDue();
    if (due === undefined) return;
    const wait = Math.min(Math.max(due - this.#jobs.now(), 1), LONGEST);
    this.#alarm = setTimeout(() => this.wake(), wait).unref();
  }
}

const AFTER_DEFECT = 60_000;
/** The longest that a timer takes, in milliseconds. */
const LONGEST = 2 ** 31 - 1;
