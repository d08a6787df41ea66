import { createHash } from 'node:crypto';
import { RETENTION } from '../delivery/outcome-store.interface.js';
import type { MailSnapshot, SnapshotAttachment } from '../mail/mail-snapshot.interface.js';
import { shareEncoding } from '../mime/base64.js';
import type { BlobStore } from './blob-store.interface.js';
import { base64, storedAttachment } from './encode-snapshot.js';
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
 * one on it lies beside the queue, until a week after the last mail that names it would be too old to be sent.
 */
export class SharingMailQueue extends DelegatingMailQueue {
  readonly #blobs: BlobStore;
  readonly #sealedBy: string;
  /** Large attachments that this process has seen lately, and until when they are kept; milliseconds since the epoch, 0 for not yet. */
  readonly #seen: Map<string, number>;
  readonly #cache: ContentCache;

  /** @param sealedBy names the key that contents are encrypted with, so that under a new key they are stored anew; empty for none */
  constructor(
    queue: MailQueue,
    blobs: BlobStore,
    sealedBy = '',
    seen = new Map<string, number>(),
    cache = new ContentCache(),
  ) {
    super(queue);
    this.#blobs = blobs;
    this.#sealedBy = sealedBy;
    this.#seen = seen;
    this.#cache = cache;
  }

  override add(mail: NewMail): Promise<AddedMail> {
    if (mail.snapshot.attachments.length === 0) return this.queue.add(mail);
    return this.#stored(mail).then((stored) => this.queue.add(stored));
  }

  override async addMany(mails: readonly NewMail[]): Promise<AddedMail[]> {
    const stored: NewMail[] = [];
    for (const mail of mails) stored.push(mail.snapshot.attachments.length === 0 ? mail : await this.#stored(mail));
    return this.queue.addMany(stored);
  }

  override withTransaction(tx: TransactionLike): MailQueue {
    return new SharingMailQueue(this.queue.withTransaction(tx), this.#blobs, this.#sealedBy, this.#seen, this.#cache);
  }

  override async whole(snapshot: MailSnapshot): Promise<MailSnapshot> {
    return this.#whole(await this.queue.whole(snapshot));
  }

  /** For the time that it begins anew. */
  override async retry(id: string): Promise<boolean> {
    const found = await this.queue.find(id);
    await this.#keep(found?.snapshot);
    return this.queue.retry(id);
  }

  override work(handler: JobHandler, options: { concurrency: number }): MailWorker {
    return this.queue.work((job) => {
      const shared = job.snapshot.attachments.some(({ blob }) => blob !== undefined);
      return shared ? this.#handleShared(job, handler) : handler(job);
    }, options);
  }

  async #handleShared(job: MailJob, handler: JobHandler): Promise<JobOutcome> {
    const outcome = await handler(withSnapshot(job, await this.#whole(job.snapshot)));
    // A dead letter may be sent again for as long as it is kept.
    if (outcome.type === 'dead') await this.#keep(job.snapshot);
    return outcome;
  }

  async #keep(snapshot: MailSnapshot | undefined): Promise<void> {
    const keys = snapshot?.attachments.flatMap(({ blob }) => blob ?? []) ?? [];
    await Promise.all(keys.map((key) => this.#blobs.keep(key, RETENTION).catch(() => {})));
  }

  async #stored(mail: NewMail): Promise<NewMail> {
    const { snapshot, delay } = mail;
    const time = delay + snapshot.retry.maxAge + SPARE;
    const attachments: SnapshotAttachment[] = [];
    for (const attachment of snapshot.attachments) {
      const { bytes, ...one } = attachment;
      const blob = bytes && bytes.length >= LARGE ? await this.#shared(bytes, time) : undefined;
      attachments.push(blob === undefined ? storedAttachment(attachment) : { ...one, blob });
    }
    return { ...mail, snapshot: { ...snapshot, attachments } };
  }

  /** Where a content lies that came before; undefined for one that comes for the first time. */
  async #shared(bytes: Uint8Array, time: number): Promise<string | undefined> {
    const key = createHash('sha256').update(bytes).digest('base64url') + this.#sealedBy;
    const until = this.#seen.get(key);
    this.#seen.delete(key);
    this.#seen.set(key, until ?? 0);
    if (this.#seen.size > MOST_SEEN) this.#seen.delete(this.#seen.keys().next().value!);
    if (until === undefined) return undefined;
    const wanted = Date.now() + time;
    if (until < wanted) {
      // For somewhat longer, so that the next mails need not ask.
      if (!(await this.#blobs.keep(key, time + AHEAD))) await this.#blobs.put(key, base64(bytes), time + AHEAD);
      this.#seen.set(key, wanted + AHEAD);
    }
    return key;
  }

  async #whole(snapshot: MailSnapshot): Promise<MailSnapshot> {
    const attachments = await Promise.all(
      snapshot.attachments.map(async ({ blob, ...one }) => {
        if (blob === undefined) return one;
        const bytes = await this.#cache.get(blob, () => this.#blobs.get(blob));
        return bytes === null ? { ...one, gone: true } : { ...one, bytes };
      }),
    );
    return { ...snapshot, attachments };
  }
}

/** What was read last, up to some megabytes: the next mail usually carries the same. Those that ask for the same at once wait for one reading. */
class ContentCache {
  readonly #contents = new Map<string, Uint8Array>();
  readonly #reading = new Map<string, Promise<Uint8Array | null>>();
  #size = 0;

  async get(key: string, read: () => Promise<string | null>): Promise<Uint8Array | null> {
    const known = this.#contents.get(key);
    if (known) {
      this.#contents.delete(key);
      this.#contents.set(key, known);
      return known;
    }
    let reading = this.#reading.get(key);
    if (!reading) {
      reading = this.#read(key, read).finally(() => this.#reading.delete(key));
      this.#reading.set(key, reading);
    }
    return reading;
  }

  async #read(key: string, read: () => Promise<string | null>): Promise<Uint8Array | null> {
    const content = await read();
    if (content === null) return null;
    const bytes = Buffer.from(content, 'base64');
    shareEncoding(bytes);
    this.#contents.set(key, bytes);
    this.#size += bytes.length;
    for (const [oldest, { length }] of this.#contents) {
      if (this.#size <= LARGEST_CACHE || oldest === key) break;
      this.#contents.delete(oldest);
      this.#size -= length;
    }
    return bytes;
  }
}

/** In bytes. Smaller ones cost less than looking after them. */
const LARGE = 48 * 1024;
/** In bytes; each is kept encoded as well, which is 1.37 times as large. */
const LARGEST_CACHE = 48 * 1024 * 1024;
const MOST_SEEN = 1_000;
/** Beyond the time in which a mail may be sent, in milliseconds: workers may have been away for that long. */
const SPARE = 7 * 24 * 3_600_000;
const AHEAD = 3_600_000;
