import { setTimeout as delay } from 'node:timers/promises';
import { DelayedError, ErrorCode, UnrecoverableError, WaitingError } from 'bullmq';
import { QueueUnavailableError } from '../errors/queue-unavailable.error.js';
import { Gathering } from '../gathering.js';
import type { QueueBackend, SnapshotJob, WorkerHandle } from './backend/queue-backend.js';
import { JobLocks } from './job-locks.js';
import type { JobHandler, JobOutcome, MailJob, MailWorker } from './mail-queue.interface.js';
import type { RelayLogger } from './outage-log.js';
import { within } from './within.js';

export interface WorkOptions {
  /** Jobs at once. */
  concurrency: number;
  /** How long a job stays this worker's without a sign of life, in milliseconds. Default 30 seconds. */
  lockDuration?: number;
  /** How often jobs of workers that died are looked for, in milliseconds. Default 15 seconds. */
  stalledInterval?: number;
}

/** A BullMQ worker that takes what a {@link JobHandler} says of a job, and that can be shut down in a known time. */
export class BullMailWorker implements MailWorker {
  readonly #handler: JobHandler;
  readonly #logger: RelayLogger;
  readonly #locks: JobLocks;
  readonly #handle: WorkerHandle;
  readonly #lockDuration: number;
  /** Renews the locks of jobs that are about to be sent. */
  readonly #renewals = new Gathering(
    (jobs: readonly HeldJob[]) => this.#renewAll(jobs),
    ({ id }) => id,
  );
  readonly #inFlight = new Set<Promise<void>>();
  #closing?: Promise<void>;
  #pause?: Promise<void>;

  constructor(backend: QueueBackend, handler: JobHandler, options: WorkOptions, logger: RelayLogger) {
    const { concurrency, lockDuration = 30_000, stalledInterval = 15_000 } = options;
    this.#handler = handler;
    this.#logger = logger;
    this.#lockDuration = lockDuration;
    this.#handle = backend.createWorker((job, token) => this.#track(this.#process(job, token!)), {
      concurrency,
      lockDuration,
      stalledInterval,
      // A job that stalls is never failed by the queue: the relay counts, and decides.
      maxStalledCount: MOST_STALLS,
      skipLockRenewal: true,
      runRetryDelay: RETRY_DELAY,
    });
    const { worker } = this.#handle;
    this.#locks = new JobLocks(
      (...args) => worker.extendJobLocks(...args),
      lockDuration,
      () => {},
    );
    worker.on('error', (error) => this.#onError(error));
  }

  close(deadline: number): Promise<void> {
    return (this.#closing ??= this.#close(deadline));
  }

  async #close(deadline: number): Promise<void> {
    const end = performance.now() + deadline;
    const closed = this.#handle.worker.close().catch(() => {});
    let drained: boolean;
    // BullMQ's own close waits for the backend, which may be gone for good; and a job that was being fetched just now comes late.
    do drained = await this.#drained(Math.max(0, end - performance.now()));
    while (drained && !(await within(AFTER_JOBS, closed)) && this.#inFlight.size > 0);
    if (!drained) {
      this.#locks.abortAll(new Error('The relay is shutting down'));
      if (!(await this.#drained(AFTER_JOBS))) this.#logger.warn(NOT_HANDED_BACK);
      await within(AFTER_JOBS, closed);
    }
    this.#locks.close();
    this.#handle.destroy();
  }

  /** Whether all jobs in flight are through before the limit, in milliseconds. */
  #drained(limit: number): Promise<boolean> {
    return within(limit, Promise.all(this.#inFlight));
  }

  #track(running: Promise<void>): Promise<void> {
    const over = running.then(
      () => void this.#inFlight.delete(over),
      () => void this.#inFlight.delete(over),
    );
    this.#inFlight.add(over);
    return running;
  }

  async #process(job: SnapshotJob, token: string): Promise<void> {
    const id = job.id!;
    const signal = this.#locks.hold(id, token);
    try {
      // BullMQ may still have fetched one while it was told to close.
      const outcome = this.#closing ? RELEASE : await this.#handled(this.#mailJob(job, token, signal));
      await this.#conclude(job, token, outcome);
    } finally {
      this.#locks.release(id, token);
      // BullMQ completes the job right after this.
      this.#handle.expectCommand?.();
    }
  }

  #mailJob(job: SnapshotJob, token: string, signal: AbortSignal): MailJob {
    return {
      snapshot: job.data,
      stalls: job.stalledCounter,
      first: job.attemptsStarted <= 1 && job.stalledCounter === 0,
      signal,
      extendLock: () => this.#renewals.ask({ id: job.id!, token }),
    };
  }

  async #renewAll(jobs: readonly HeldJob[]): Promise<boolean[]> {
    this.#handle.expectCommand?.();
    const ids = jobs.map(({ id }) => id);
    const tokens = jobs.map(({ token }) => token);
    const lost = new Set(await this.#handle.worker.extendJobLocks(ids, tokens, this.#lockDuration));
    return ids.map((id) => !lost.has(id));
  }

  async #handled(job: MailJob): Promise<JobOutcome> {
    try {
      return await this.#handler(job);
    } catch (error) {
      if (error instanceof QueueUnavailableError) return { type: 'later', at: Date.now() + RETRY_DELAY };
      const trace = error instanceof Error ? error.stack : String(error);
      this.#logger.error(`A defect of the relay at mail ${job.snapshot.id}, which is tried again in a minute`, trace);
      return { type: 'later', at: Date.now() + AFTER_DEFECT };
    }
  }

  /** BullMQ leaves a job alone whose processor throws DelayedError or WaitingError: it takes it as moved already. */
  async #conclude(job: SnapshotJob, token: string, outcome: JobOutcome): Promise<void> {
    switch (outcome.type) {
      case 'done':
        return;
      case 'dead':
        throw new UnrecoverableError(storable(outcome.reason));
      case 'later':
        // Postgres keeps whole milliseconds.
        await this.#insist(() => job.moveToDelayed(Math.ceil(outcome.at), token));
        throw new DelayedError();
      case 'release':
        await this.#insist(() => job.moveToWait(token));
        throw new WaitingError();
      case 'lost':
        throw new DelayedError();
    }
  }

  /** Until it is written, or the job turns out to be somebody else's. */
  async #insist(write: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await write();
        return;
      } catch (error) {
        if (isLockError(error) || this.#closing) return;
        this.#onError(error as Error);
        await delay(RETRY_DELAY);
      }
    }
  }

  #onError(error: Error): void {
    // The connections report their own outages, and a lock that is lost is no cause for alarm: another worker has the job.
    if (isLockError(error) || isConnectionError(error)) return;
    this.#logger.error(`The queue: ${error.message}`);
    this.#rest();
  }

  /** BullMQ asks for the next job at once after an error that is not the connection's, such as a full Redis. */
  #rest(): void {
    if (this.#pause || this.#closing) return;
    const { worker } = this.#handle;
    this.#pause = worker
      .pause(true)
      .then(() => delay(RETRY_DELAY, undefined, { ref: false }))
      .then(() => (this.#closing ? undefined : worker.resume()))
      .catch(() => {})
      .finally(() => (this.#pause = undefined));
  }
}

interface HeldJob {
  readonly id: string;
  readonly token: string;
}

/** PostgreSQL keeps it in an integer. */
const MOST_STALLS = 2 ** 31 - 1;
const RELEASE: JobOutcome = { type: 'release' };
const RETRY_DELAY = 1_000;
const AFTER_DEFECT = 60_000;
/** What is left to handlers after their signal, and to BullMQ to end when they are done, in milliseconds. */
const AFTER_JOBS = 1_500;
const NOT_HANDED_BACK =
  'Not every mail could be handed back to the queue. Another worker takes it over when its lock runs out.';

/** Whatever a server has said: Postgres keeps no NUL and no half of a surrogate pair. */
function storable(reason: string): string {
  return Buffer.from(reason.slice(0, LONGEST_REASON).replaceAll('\0', '')).toString();
}

const LONGEST_REASON = 1_000;

const LOCK_ERRORS: ReadonlySet<unknown> = new Set([
  ErrorCode.JobNotExist,
  ErrorCode.JobLockNotExist,
  ErrorCode.JobNotInState,
  ErrorCode.JobLockMismatch,
]);

function isLockError(error: unknown): boolean {
  return LOCK_ERRORS.has((error as { code?: unknown }).code);
}

function isConnectionError(error: Error): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return (
    error.message === 'Connection is closed.' ||
    /^E[A-Z]+$/.test(code) ||
    /socket timeout|Command timed out/i.test(error.message)
  );
}
