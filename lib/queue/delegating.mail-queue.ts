import type { OutcomeStore } from '../delivery/outcome-store.interface.js';
import type { MailSnapshot } from '../mail/mail-snapshot.interface.js';
import type {
  AddedMail,
  FoundMail,
  JobHandler,
  MailJob,
  MailQueue,
  MailWorker,
  NewMail,
} from './mail-queue.interface.js';
import type { BlobStore } from './blob-store.interface.js';
import type { TransactionLike } from './transaction-like.js';

/** A queue in front of another one, which does all that this one does not do otherwise. */
export abstract class DelegatingMailQueue implements MailQueue {
  protected readonly queue: MailQueue;

  constructor(queue: MailQueue) {
    this.queue = queue;
  }

  get backend() {
    return this.queue.backend;
  }
  get store(): OutcomeStore {
    return this.queue.store;
  }
  get shared() {
    return this.queue.shared;
  }
  get timeline() {
    return this.queue.timeline;
  }
  get counts() {
    return this.queue.counts;
  }
  get tasks() {
    return this.queue.tasks;
  }
  get suppressions() {
    return this.queue.suppressions;
  }

  get history() {
    return this.queue.history;
  }
  get inspection() {
    return this.queue.inspection;
  }
  get blobs(): BlobStore {
    return this.queue.blobs;
  }

  add(mail: NewMail): Promise<AddedMail> {
    return this.queue.add(mail);
  }
  addMany(mails: readonly NewMail[]): Promise<AddedMail[]> {
    return this.queue.addMany(mails);
  }
  find(id: string): Promise<FoundMail | null> {
    return this.queue.find(id);
  }
  whole(snapshot: MailSnapshot): Promise<MailSnapshot> {
    return this.queue.whole(snapshot);
  }
  remove(id: string): Promise<boolean> {
    return this.queue.remove(id);
  }
  free(deduplication: string): Promise<void> {
    return this.queue.free(deduplication);
  }
  retry(id: string): Promise<boolean> {
    return this.queue.retry(id);
  }
  abstract withTransaction(tx: TransactionLike): MailQueue;
  work(handler: JobHandler, options: { concurrency: number }): MailWorker {
    return this.queue.work(handler, options);
  }
  close(): Promise<void> {
    return this.queue.close();
  }
}

/** The same job with another snapshot. */
export function withSnapshot(job: MailJob, snapshot: MailSnapshot): MailJob {
  const { stalls, first, signal } = job;
  return { snapshot, stalls, first, signal, extendLock: () => job.extendLock() };
}
