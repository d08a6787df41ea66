import { ErrorCode } from 'bullmq';
import { QueueUnavailableError } from '../errors/queue-unavailable.error.js';
import type { OutcomeStore } from '../delivery/outcome-store.interface.js';
import type { CountStore } from '../events/count-store.interface.js';
import type { HistoryStore } from '../history/history-store.interface.js';
import type { TimelineStore } from '../events/timeline-store.interface.js';
import type { MailSnapshot } from '../mail/mail-snapshot.interface.js';
import type { SharedStore } from '../shared-store.interface.js';
import type { SuppressionStore } from '../suppression/suppression-store.interface.js';
import type { QueueBackend, SnapshotJob } from './backend/queue-backend.js';
import type { QueueInspection } from './queue-inspection.interface.js';
import type { BlobStore } from './blob-store.interface.js';
import { BullMailWorker, type WorkOptions } from './bull-mail-worker.js';
import { BullTaskQueue } from './bull-task-queue.js';
import { addedOf, jobOf } from './job-options.js';
import type { AddedMail, FoundMail, JobHandler, MailQueue, MailWorker, NewMail } from './mail-queue.interface.js';
import type { RelayLogger } from './outage-log.js';
import type { TaskQueue } from '../task-queue.interface.js';
import type { TransactionLike } from './transaction-like.js';

/** The queue on BullMQ: one job a mail. What differs between the backends is in {@link QueueBackend}. */
export class BullMailQueue implements MailQueue {
  readonly tasks: TaskQueue;
  readonly #backend: QueueBackend;
  readonly #logger: RelayLogger;
  #closing?: Promise<void>;

  constructor(backend: QueueBackend, logger: RelayLogger) {
    this.#backend = backend;
    this.#logger = logger;
    this.tasks = new BullTaskQueue(backend.tasks, logger);
  }

  get backend(): string {
    return this.#backend.name;
  }

  get store(): OutcomeStore {
    return this.#backend.store;
  }

  get shared(): SharedStore {
    return this.#backend.shared;
  }

  get timeline(): TimelineStore {
    return this.#backend.timeline;
  }

  get counts(): CountStore {
    return this.#backend.counts;
  }

  get suppressions(): SuppressionStore {
    return this.#backend.suppressions;
  }

  get history(): HistoryStore {
    return this.#backend.history;
  }

  get inspection(): QueueInspection {
    return this.#backend.inspection;
  }

  get blobs(): BlobStore {
    return this.#backend.blobs;
  }

  async add(mail: NewMail): Promise<AddedMail> {
    const { name, data, opts } = jobOf(mail);
    const job = await this.#backend.call(() => this.#backend.queue.add(name, data, opts));
    const added = addedOf(mail, job.id);
    if (mail.delay > 0) this.#scheduled([mail], [added]);
    return added;
  }

  async addMany(mails: readonly NewMail[]): Promise<AddedMail[]> {
    if (mails.length === 0) return [];
    const jobs = await this.#backend
      .call(() => this.#backend.queue.addBulk(mails.map(jobOf)))
      .catch((error: unknown) => Promise.reject(partOf(mails, error)));
    const added = mails.map((mail, index) => addedOf(mail, jobs[index]!.id));
    this.#scheduled(mails, added);
    return added;
  }

  /** Only for who looks into the queue: nobody waits for it. */
  #scheduled(mails: readonly NewMail[], added: readonly AddedMail[]): void {
    const later = mails.filter(({ delay }, index) => delay > 0 && !added[index]!.duplicate);
    if (later.length === 0) return;
    const noted = later.map(({ snapshot: { id, notBefore } }) => ({ id, at: notBefore }));
    this.#backend.scheduled?.(noted).catch(() => {});
  }

  async find(id: string): Promise<FoundMail | null> {
    const { queue } = this.#backend;
    const [job, state] = await this.#backend.call(() => Promise.all([queue.getJob(id), this.#backend.state(id)]));
    const found = job && FOUND[state];
    if (!found) return null;
    if (found !== 'scheduled') return { snapshot: job.data, state: found };
    const due = await this.#backend.call(() => this.#backend.due(id));
    return { snapshot: job.data, state: found, ...(due !== undefined && { due }) };
  }

  async whole(snapshot: MailSnapshot): Promise<MailSnapshot> {
    return snapshot;
  }

  async remove(id: string): Promise<boolean> {
    const { queue } = this.#backend;
    const state = await this.#backend.call(() => this.#backend.state(id));
    if (!WAITING.has(state)) return false;
    // A worker may take it just now; BullMQ does not remove a job that is locked.
    const removed = (await this.#backend.call(() => queue.remove(id))) === 1;
    if (removed && state === 'delayed') this.#backend.removed?.(id).catch(() => {});
    return removed;
  }

  async free(deduplication: string): Promise<void> {
    await this.#backend.call(() => this.#backend.queue.removeDeduplicationKey(deduplication));
  }

  async retry(id: string): Promise<boolean> {
    const job: SnapshotJob | undefined = await this.#backend.call(() => this.#backend.queue.getJob(id));
    if (!job) return false;
    try {
      await this.#backend.call(() => job.retry('failed'));
      return true;
    } catch (error) {
      if (NOT_FAILED.has((error as { code?: unknown }).code)) return false;
      throw error;
    }
  }

  withTransaction(tx: TransactionLike): MailQueue {
    return new BullMailQueue(this.#backend.withTransaction(tx), this.#logger);
  }

  work(handler: JobHandler, options: WorkOptions): MailWorker {
    return new BullMailWorker(this.#backend, handler, options, this.#logger);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#backend.close());
  }
}

/** On Redis many mails are no transaction: when it refused one of them, others may have been stored. */
function partOf(mails: readonly NewMail[], error: unknown): unknown {
  if (!(error instanceof QueueUnavailableError) || mails.length === 1) return error;
  const { message, stored, cause } = error;
  if (stored === 'unknown' || (cause as Error | undefined)?.name !== 'ReplyError') return error;
  return new QueueUnavailableError('unknown', `${message}; some of these ${mails.length} mails may have been`, {
    cause,
  });
}

const FOUND: Readonly<Record<string, FoundMail['state'] | undefined>> = {
  waiting: 'queued',
  prioritized: 'queued',
  delayed: 'scheduled',
  active: 'active',
  failed: 'failed',
};

const WAITING: ReadonlySet<string> = new Set(['waiting', 'prioritized', 'delayed']);

const NOT_FAILED: ReadonlySet<unknown> = new Set([ErrorCode.JobNotExist, ErrorCode.JobNotInState]);
