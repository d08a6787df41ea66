import { createHash } from 'node:crypto';
import { RETENTION } from '../delivery/outcome-store.interface.js';
import type { MailSnapshot, SnapshotAttachment } from '../mail/mail-snapshot.interface.js';
import type { BlobStore } from './blob-store.interface.js';
import { DelegatingMailQueue, withSnapshot } from './delegating.mail-queue.js';
import type {
  AddedMail,
  JobHandler,
  JobOutcome,
  MailJob,
  MailQueue,
  MailWorker,
  NewMail,
} from './mail-queue.interface.js';
import type { TransactionLike } from './transaction-like.js';

/**
 * A queue that keeps an attachment once that many mails carry. The first mail has it with it, and it goes when that mail goes; from the second
 * one on it lies beside the queue, for as long as a mail may still be sent that names it.
 */
export class SharingMailQueue extends DelegatingMailQueue {
  readonly #blobs: BlobStore;
  /** Large attachments that this process has seen lately, and until when they are kept; milliseconds since the epoch, 0 for not yet. */
  readonly #seen: Map<string, number>;
  readonly #cache: ContentCache;

  constructor(queue: MailQueue, blobs: BlobStore, seen = new Map<string, number>(), cache = new ContentCache()) {
    super(queue);
    this.#blobs = blobs;
    this.#seen = seen;
    this.#cache = cache;
  }

  override add(mail: NewMail): Promise<AddedMail> {
    if (!isHeavy(mail)) return this.queue.add(mail);
    return this.#shared(mail).then((shared) => this.queue.add(shared));
  }

  override addMany(mails: readonly NewMail[]): Promise<AddedMail[]> {
    return mails.some(isHeavy) ? this.#addShared(mails) : this.queue.addMany(mails);
  }

  async #addShared(mails: readonly NewMail[]): Promise<AddedMail[]> {
    const shared: NewMail[] = [];
    for (const mail of mails) shared.push(await this.#shared(mail));
    return this.queue.addMany(shared);
  }

  override withTransaction(tx: TransactionLike): MailQueue {
    return new SharingMailQueue(this.queue.withTransaction(tx), this.#blobs, this.#seen, this.#cache);
  }

  override work(handler: JobHandler, options: { concurrency: number }): MailWorker {
    return this.queue.work((job) => {
      const keys = job.snapshot.attachments.flatMap(({ blob }) => blob ?? []);
      return keys.length === 0 ? handler(job) : this.#handleShared(job, keys, handler);
    }, options);
  }

  async #handleShared(job: MailJob, keys: readonly string[], handler: JobHandler): Promise<JobOutcome> {
    const outcome = await handler(withSnapshot(job, await this.#whole(job.snapshot)));
    // A dead letter may be sent again for as long as it is kept.
    if (outcome.type === 'dead') await Promise.all(keys.map((key) => this.#blobs.keep(key, RETENTION).catch(() => {})));
    return outcome;
  }

  async #shared(mail: NewMail): Promise<NewMail> {
    const { snapshot, delay } = mail;
    if (!isHeavy(mail)) return mail;
    const time = delay + snapshot.retry.maxAge + SPARE;
    const attachments: SnapshotAttachment[] = [];
    for (const one of snapshot.attachments) attachments.push(isLarge(one) ? await this.#reference(one, time) : one);
    return { ...mail, snapshot: { ...snapshot, attachments } };
  }

  async #reference(attachment: SnapshotAttachment, time: number): Promise<SnapshotAttachment> {
    const key = createHash('sha256').update(attachment.content).digest('base64url');
    const until = this.#seen.get(key);
    this.#seen.delete(key);
    this.#seen.set(key, until ?? 0);
    if (this.#seen.size > MOST_SEEN) this.#seen.delete(this.#seen.keys().next().value!);
    if (until === undefined) return attachment;
    const wanted = Date.now() + time;
    if (until < wanted) {
      // For somewhat longer, so that the next mails need not ask.
      if (!(await this.#blobs.keep(key, time + AHEAD))) await this.#blobs.put(key, attachment.content, time + AHEAD);
      this.#seen.set(key, wanted + AHEAD);
    }
    return { ...attachment, content: '', blob: key };
  }

  async #whole(snapshot: MailSnapshot): Promise<MailSnapshot> {
    const attachments = await Promise.all(
      snapshot.attachments.map(async ({ blob, ...one }) => {
        if (blob === undefined) return one;
        const content = this.#cache.get(blob) ?? (await this.#blobs.get(blob));
        if (content === null) return { ...one, gone: true };
        this.#cache.set(blob, content);
        return { ...one, content };
      }),
    );
    return { ...snapshot, attachments };
  }
}

/** What was read last, up to some megabytes: the next mail usually carries the same. */
class ContentCache {
  readonly #contents = new Map<string, string>();
  #size = 0;

  get(key: string): string | undefined {
    return this.#contents.get(key);
  }

  set(key: string, content: string): void {
    if (this.#contents.has(key)) return;
    this.#contents.set(key, content);
    this.#size += content.length;
    for (const [oldest, { length }] of this.#contents) {
      if (this.#size <= LARGEST_CACHE || oldest === key) break;
      this.#contents.delete(oldest);
      this.#size -= length;
    }
  }
}

function isHeavy({ snapshot }: NewMail): boolean {
  return snapshot.attachments.some(isLarge);
}

function isLarge({ content }: SnapshotAttachment): boolean {
  return content.length >= LARGE;
}

/** In base64 characters: 48 kB. Smaller ones cost less than looking after them. */
const LARGE = 64 * 1024;
const LARGEST_CACHE = 64 * 1024 * 1024;
const MOST_SEEN = 1_000;
/** Beyond the time in which a mail may be sent, in milliseconds. */
const SPARE = 24 * 3_600_000;
const AHEAD = 3_600_000;
