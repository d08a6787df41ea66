import type { BackendFactory, Job, Queue, Worker, WorkerOptions } from 'bullmq';
import type { OutcomeStore } from '../../delivery/outcome-store.interface.js';
import type { CountStore } from '../../events/count-store.interface.js';
import type { HistoryStore } from '../../history/history-store.interface.js';
import type { TimelineStore } from '../../events/timeline-store.interface.js';
import type { SharedStore } from '../../shared-store.interface.js';
import type { MailSnapshot } from '../../mail/mail-snapshot.interface.js';
import type { SuppressionStore } from '../../suppression/suppression-store.interface.js';
import type { QueueInspection } from '../queue-inspection.interface.js';
import type { BlobStore } from '../blob-store.interface.js';
import type { TransactionLike } from '../transaction-like.js';

/** A BullMQ queue of mails, whatever its backend. */
export type SnapshotQueue = Queue<MailSnapshot>;
export type SnapshotWorker = Worker<MailSnapshot>;
export type SnapshotProcessor = (job: SnapshotJob, token: string | undefined) => Promise<void>;
export type SnapshotJob = NonNullable<Awaited<ReturnType<SnapshotQueue['getJob']>>>;

/** BullMQ's backends differ in type only by what they are made from; ours come ready made. */
export type AnyBackendFactory = BackendFactory<never, unknown>;

/** What a worker of ours asks of BullMQ's; the connection is the backend's business. */
export type OurWorkerOptions = Omit<WorkerOptions, 'connection' | 'prefix'>;

/** A BullMQ worker with the connections that are its own. */
export interface WorkerHandle {
  readonly worker: SnapshotWorker;
  /** Drops its connections, whatever is still under way. */
  destroy(): void;
  /** Told before the worker sends a command, so that commands can leave together. */
  expectCommand?(): void;
}

/** The queue of what follows a fact (see TaskQueue), beside the mails' own. */
export interface TaskBackend {
  readonly queue: Queue;
  /** As {@link QueueBackend.call}. */
  call<T>(work: () => Promise<T>): Promise<T>;
  createWorker(processor: (job: Job) => Promise<void>, options: OurWorkerOptions): TaskWorkerHandle;
}

export interface TaskWorkerHandle {
  readonly worker: Worker;
  destroy(): void;
}

/** All that differs between Redis, Postgres and the embedded queue. */
export interface QueueBackend {
  /** `redis`, `postgres`, `embedded`. */
  readonly name: string;
  readonly queue: SnapshotQueue;
  readonly store: OutcomeStore;
  readonly shared: SharedStore;
  readonly timeline: TimelineStore;
  readonly counts: CountStore;
  readonly tasks: TaskBackend;
  readonly suppressions: SuppressionStore;
  readonly blobs: BlobStore;
  readonly history: HistoryStore;
  readonly inspection: QueueInspection;
  /** Told of mails that are not to go at once, where the queue does not tell them from others by itself. */
  scheduled?(mails: readonly { id: string; at: number }[]): Promise<void>;
  /** Told of a mail that was taken out. */
  removed?(id: string): Promise<void>;
  /** Awaits a call to the queue. @throws QueueUnavailableError within 5 seconds when the backend is not there */
  call<T>(work: () => Promise<T>): Promise<T>;
  /** BullMQ's name of it. */
  state(id: string): Promise<string>;
  /** When a delayed job is due, in milliseconds since the epoch. */
  due(id: string): Promise<number | undefined>;
  createWorker(processor: SnapshotProcessor, options: OurWorkerOptions): WorkerHandle;
  /** The same queue as part of a transaction. @throws UnsupportedFeatureError where the backend has none */
  withTransaction(tx: TransactionLike): QueueBackend;
  close(): Promise<void>;
}
