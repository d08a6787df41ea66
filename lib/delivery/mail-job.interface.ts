import type { MailSnapshot } from '../mail/mail-snapshot.interface.js';

/** A mail that a worker has taken from the queue. */
export interface MailJob {
  readonly snapshot: MailSnapshot;
  /** How often the queue found this job abandoned by its worker, ever. */
  readonly stalls: number;
  /** `true` on the first activation: nothing can be in the store yet but a cancel flag. */
  readonly first: boolean;
  /** Aborted when the worker must give the job back: shutdown, or its lock is lost. */
  readonly signal: AbortSignal;
  /** Renews the lock; `false`: another worker owns the job now. Throws when the backend cannot be written to. */
  extendLock(): Promise<boolean>;
}

/** What becomes of a job. */
export type JobOutcome =
  /** Nothing left to do: the job is removed. */
  | { type: 'done' }
  /** Not before `at` (milliseconds since the epoch); burns nothing. */
  | { type: 'later'; at: number }
  /** Back to the front, at once: the worker is shutting down. */
  | { type: 'release' }
  /** Kept among the failed jobs, with its reason, for `retry`. */
  | { type: 'dead'; reason: string }
  /** The lock was lost: the job is not ours, and is not touched. */
  | { type: 'lost' };

/** Must not throw: what it throws is logged as a defect of the relay and the job is tried again later. */
export type JobHandler = (job: MailJob) => Promise<JobOutcome>;
