import type { JobHandler } from '../delivery/mail-job.interface.js';
import type { OutcomeStore } from '../delivery/outcome-store.interface.js';
import type { CountStore } from '../events/count-store.interface.js';
import type { HistoryStore } from '../history/history-store.interface.js';
import type { TimelineStore } from '../events/timeline-store.interface.js';
import type { SharedStore } from '../shared-store.interface.js';
import type { MailSnapshot } from '../mail/mail-snapshot.interface.js';
import type { TaskQueue } from '../task-queue.interface.js';
import type { SuppressionStore } from '../suppression/suppression-store.interface.js';
import type { QueueInspection } from './queue-inspection.interface.js';
import type { BlobStore } from './blob-store.interface.js';
import type { TransactionLike } from './transaction-like.js';

export type { JobHandler, JobOutcome, MailJob } from '../delivery/mail-job.interface.js';

/** A mail to be queued. */
export interface NewMail {
  snapshot: MailSnapshot;
  /** Milliseconds from now; 0 for at once. */
  delay: number;
  /** `id` is held for `ttl` milliseconds: a second mail with the same one is not queued. */
  deduplication?: { id: string; ttl: number };
}

/** `id` is the first mail's when this one is its duplicate. */
export interface AddedMail {
  id: string;
  duplicate: boolean;
}

/** A mail that is still in the queue, or whose job failed and is kept for `retry`. */
export interface FoundMail {
  snapshot: MailSnapshot;
  state: 'scheduled' | 'queued' | 'active' | 'failed';
  /** When it will be tried, in milliseconds since the epoch; for `scheduled`. */
  due?: number;
}

export interface MailWorker {
  /** Takes no more jobs; waits for those in flight, then hands back those that are not done by the deadline (milliseconds). */
  close(deadline: number): Promise<void>;
}

/** The durable queue of one relay with its store, whatever the backend. */
export interface MailQueue {
  /** `redis`, `postgres`, `embedded`, `memory`: for messages. */
  readonly backend: string;
  readonly store: OutcomeStore;
  /** What the processes of the relay must agree on. */
  readonly shared: SharedStore;
  readonly timeline: TimelineStore;
  readonly counts: CountStore;
  /** What follows from mails: events, and their handlers. */
  readonly tasks: TaskQueue;
  /** Who is not to be written to. */
  readonly suppressions: SuppressionStore;
  /** Which mails there were. */
  readonly history: HistoryStore;
  /** What waits. */
  readonly inspection: QueueInspection;
  /** Contents that are kept beside the mails; encrypted where the mails are. */
  readonly blobs: BlobStore;
  /** @throws QueueUnavailableError within 5 seconds when the backend is not there */
  add(mail: NewMail): Promise<AddedMail>;
  /** In one round trip; results in their order. */
  addMany(mails: readonly NewMail[]): Promise<AddedMail[]>;
  find(id: string): Promise<FoundMail | null>;
  /** A snapshot with the contents of its attachments in it, wherever they lie. */
  whole(snapshot: MailSnapshot): Promise<MailSnapshot>;
  /** Takes a waiting mail out and frees its idempotency key; `false` when a worker has it or it is gone. */
  remove(id: string): Promise<boolean>;
  /** Gives an idempotency key free, by its hash. */
  free(deduplication: string): Promise<void>;
  /** Puts a failed job back to waiting; `false` when there is none. */
  retry(id: string): Promise<boolean>;
  /** A queue whose writes are part of the caller's transaction. @throws UnsupportedFeatureError where the backend has none */
  withTransaction(tx: TransactionLike): MailQueue;
  /** Starts a worker. `concurrency` jobs at once. */
  work(handler: JobHandler, options: { concurrency: number }): MailWorker;
  close(): Promise<void>;
}
