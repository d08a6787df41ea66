import { Logger } from '@nestjs/common';
import type { MailRecord, OutcomeChange, OutcomeStore } from '../delivery/outcome-store.interface.js';
import type { MailSnapshot } from '../mail/mail-snapshot.interface.js';
import type { AddedMail, FoundMail, JobHandler, MailQueue, MailWorker, NewMail } from './mail-queue.interface.js';
import type { BlobStore } from './blob-store.interface.js';
import { DelegatingMailQueue, withSnapshot } from './delegating.mail-queue.js';
import type { PayloadCipher } from './payload-cipher.js';
import type { TransactionLike } from './transaction-like.js';

/**
 * A queue that stores what mails hold encrypted: their content, headers and context, their attachments, and what was rendered of them.
 * Addresses, tags and metadata stay readable: routes, events and the suppression list need them.
 */
export class EncryptedMailQueue extends DelegatingMailQueue {
  readonly #store: OutcomeStore;
  readonly #cipher: PayloadCipher;
  readonly #logger = new Logger('MailRelay');

  constructor(queue: MailQueue, cipher: PayloadCipher) {
    super(queue);
    this.#cipher = cipher;
    this.#store = encryptedStore(queue.store, cipher);
  }

  override get store(): OutcomeStore {
    return this.#store;
  }

  override get blobs(): BlobStore {
    return encryptedBlobs(this.queue.blobs, this.#cipher);
  }

  override add(mail: NewMail): Promise<AddedMail> {
    return this.queue.add(this.#sealed(mail));
  }

  override addMany(mails: readonly NewMail[]): Promise<AddedMail[]> {
    return this.queue.addMany(mails.map((mail) => this.#sealed(mail)));
  }

  /** @throws MailError for a mail whose key is not here */
  override async find(id: string): Promise<FoundMail | null> {
    const found = await this.queue.find(id);
    return found && { ...found, snapshot: this.#opened(found.snapshot) };
  }

  override withTransaction(tx: TransactionLike): MailQueue {
    return new EncryptedMailQueue(this.queue.withTransaction(tx), this.#cipher);
  }

  override work(handler: JobHandler, options: { concurrency: number }): MailWorker {
    return this.queue.work((job) => {
      let snapshot: MailSnapshot;
      try {
        snapshot = this.#opened(job.snapshot);
      } catch (error) {
        // Another process may have the key, or this one after its next start.
        this.#logger.error(`Mail ${job.snapshot.id} waits: ${(error as Error).message}`);
        return Promise.resolve({ type: 'later', at: Date.now() + NO_KEY_WAIT });
      }
      return handler(withSnapshot(job, snapshot));
    }, options);
  }

  #sealed(mail: NewMail): NewMail {
    return { ...mail, snapshot: mapped(mail.snapshot, (text, place) => this.#cipher.seal(text, place)) };
  }

  #opened(snapshot: MailSnapshot): MailSnapshot {
    return mapped(snapshot, (text, place) => this.#cipher.open(text, place));
  }
}

/** How long a mail waits for a worker that has its key, in milliseconds. */
const NO_KEY_WAIT = 15_000;

function mapped(snapshot: MailSnapshot, change: (text: string, place: string) => string): MailSnapshot {
  const { id, body, attachments } = snapshot;
  return {
    ...snapshot,
    body: change(body, `${id}:body`),
    attachments: attachments.map((one, index) => ({ ...one, content: change(one.content, `${id}:${index}`) })),
  };
}

function encryptedStore(store: OutcomeStore, cipher: PayloadCipher): OutcomeStore {
  return {
    begin: (id, at, stalls, transport) => store.begin(id, at, stalls, transport),
    cancel: (id) => store.cancel(id),
    reopen: (id, addresses, at) => store.reopen(id, addresses, at),
    mailOf: (providerMessageId) => store.mailOf(providerMessageId),
    save: (id, change) => store.save(id, sealedChange(id, change, cipher)),
    load: async (id) => openedRecord(id, await store.load(id), cipher),
    loadMany: async (ids) =>
      (await store.loadMany(ids)).map((record, index) => openedRecord(ids[index]!, record, cipher)),
  };
}

function sealedChange(id: string, change: OutcomeChange, cipher: PayloadCipher): OutcomeChange {
  const { content, head } = change;
  return {
    ...change,
    ...(content !== undefined && { content: cipher.seal(content, `${id}:content`) }),
    ...(head && { head: { ...head, subject: cipher.seal(head.subject, `${id}:subject`) } }),
  };
}

function openedRecord(id: string, record: MailRecord | null, cipher: PayloadCipher): MailRecord | null {
  if (!record) return null;
  const { content, head } = record;
  return {
    ...record,
    ...(content !== undefined && { content: cipher.open(content, `${id}:content`) }),
    ...(head && { head: { ...head, subject: subjectOf(id, head.subject, cipher) } }),
  };
}

/** It is only shown: a key that is not here is no reason to show nothing else. */
function subjectOf(id: string, sealed: string, cipher: PayloadCipher): string {
  try {
    return cipher.open(sealed, `${id}:subject`);
  } catch {
    return '';
  }
}

/** The same for what mails share. */
export function encryptedBlobs(blobs: BlobStore, cipher: PayloadCipher): BlobStore {
  return {
    keep: (key, time) => blobs.keep(key, time),
    put: (key, content, time) => blobs.put(key, cipher.seal(content, `blob:${key}`), time),
    get: async (key) => {
      const content = await blobs.get(key);
      return content === null ? null : cipher.open(content, `blob:${key}`);
    },
  };
}
