import { Queue, Worker } from 'bullmq';
import type { MailSnapshot } from '../../../mail/mail-snapshot.interface.js';
import { PostgresOutcomeStore, type RunStatement } from '../../../store/postgres.outcome-store.js';
import { PostgresCountStore } from '../../../store/postgres.count-store.js';
import { PostgresTimelineStore } from '../../../store/postgres.timeline-store.js';
import { PostgresBlobStore } from '../../../store/postgres.blob-store.js';
import { PostgresHistoryStore } from '../../../store/postgres.history-store.js';
import { PostgresSharedStore } from '../../../store/postgres.shared-store.js';
import { PostgresSuppressionStore } from '../../../store/postgres.suppression-store.js';
import type { OutageLog } from '../../outage-log.js';
import type { TransactionLike } from '../../transaction-like.js';
import { taskQueueOf } from '../../queue-options.interface.js';
import type {
  OurWorkerOptions,
  QueueBackend,
  SnapshotProcessor,
  SnapshotQueue,
  SnapshotWorker,
  TaskBackend,
  WorkerHandle,
} from '../queue-backend.js';
import { Database, PRODUCER_LIMIT, WORKER_LIMIT } from './database.js';
import { PostgresInspection } from './postgres.inspection.js';
import { backendOn } from './queue-connection.js';
import { QUEUE_SCHEMA, type SqlSource } from './sql-source.js';
import { TransactionBackend } from './transaction.backend.js';

/** BullMQ on Postgres: a server, or PGlite in this process. */
export class PostgresBackend implements QueueBackend {
  readonly queue: SnapshotQueue;
  readonly store: PostgresOutcomeStore;
  readonly shared: PostgresSharedStore;
  readonly timeline: PostgresTimelineStore;
  readonly counts: PostgresCountStore;
  readonly tasks: TaskBackend;
  readonly suppressions: PostgresSuppressionStore;
  readonly blobs: PostgresBlobStore;
  readonly history: PostgresHistoryStore;
  readonly inspection: PostgresInspection;
  readonly #database: Database;
  #counter?: Promise<void>;

  constructor(
    readonly name: string,
    queueName: string,
    source: SqlSource,
    outage: OutageLog,
    readonly retention?: number,
  ) {
    this.#database = new Database(source, outage);
    this.queue = new Queue<MailSnapshot>(
      queueName,
      { connection: {} },
      backendOn(this.#database, PRODUCER_LIMIT),
    ) as never;
    this.queue.on('error', () => {}); // The database reports its outages itself.
    const run: RunStatement = (text, values) => this.call(() => this.#database.query(text, values, PRODUCER_LIMIT));
    this.store = new PostgresOutcomeStore(queueName, run, retention);
    this.shared = new PostgresSharedStore(queueName, run);
    this.timeline = new PostgresTimelineStore(queueName, run, retention);
    this.counts = new PostgresCountStore(queueName, run);
    const tasks = new Queue(taskQueueOf(queueName), { connection: {} }, backendOn(this.#database, PRODUCER_LIMIT));
    tasks.on('error', () => {});
    this.tasks = {
      queue: tasks,
      call: (work) => this.call(work),
      createWorker: (processor, options) => ({ worker: this.#work(tasks.name, processor, options), destroy: () => {} }),
    };
    this.suppressions = new PostgresSuppressionStore(queueName, run);
    this.blobs = new PostgresBlobStore(queueName, run);
    this.history = new PostgresHistoryStore(queueName, run, retention);
    this.inspection = new PostgresInspection(queueName, run);
  }

  call<T>(work: () => Promise<T>): Promise<T> {
    return this.#database.call(work);
  }

  state(id: string): Promise<string> {
    return this.queue.getJobState(id);
  }

  async due(id: string): Promise<number | undefined> {
    const text = `SELECT process_at_ms AS due FROM ${QUEUE_SCHEMA}.job WHERE queue = $1 AND id = $2`;
    const { rows } = await this.#database.query(text, [this.queue.name, id], PRODUCER_LIMIT);
    const due = rows[0]?.['due'];
    return due === undefined || due === null ? undefined : Number(due);
  }

  createWorker(processor: SnapshotProcessor, options: OurWorkerOptions): WorkerHandle {
    const worker = this.#work(this.queue.name, processor, options) as unknown as SnapshotWorker;
    const stores = [this.store, this.shared, this.counts, this.suppressions, this.blobs];
    // Afterwards: one more at once would be one more connection of the pool.
    const purgeAll = (): Promise<void> =>
      Promise.all(stores.map((store) => store.purge())).then(() => this.history.purge());
    const purge = (): void => void purgeAll().catch(() => {});
    const timer = setInterval(purge, PURGE_EVERY).unref();
    void this.#database.ready.then(purge);
    return { worker, destroy: () => clearInterval(timer) };
  }

  #work(name: string, processor: unknown, options: OurWorkerOptions): Worker {
    return new Worker(
      name,
      processor as never,
      { ...options, connection: {} },
      backendOn(this.#database, WORKER_LIMIT),
    );
  }

  withTransaction(tx: TransactionLike): QueueBackend {
    return new TransactionBackend(this, tx, () => this.#counted(), this.retention);
  }

  /** BullMQ makes a queue's counter with its first jobs: within a transaction, all other producers would wait for that to commit. */
  async #counted(): Promise<void> {
    this.#counter ??= this.call(() => this.queue.addBulk([])).then(
      () => {},
      (error: unknown) => {
        this.#counter = undefined;
        throw error;
      },
    );
    return this.#counter;
  }

  async close(): Promise<void> {
    await this.#database.finish();
    await Promise.all([this.queue, this.tasks.queue].map((queue) => queue.close().catch(() => {})));
    await this.#database.close();
  }
}

/** Expired outcomes are looked for this often, in milliseconds. */
const PURGE_EVERY = 3_600_000;
