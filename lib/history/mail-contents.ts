import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { MailMessage } from '../mail/mail-message.interface.js';
import type { BlobStore } from '../queue/blob-store.interface.js';

export interface MailContentsOptions {
  /** Milliseconds. */
  keep: number;
  /** Bytes. */
  maxSize: number;
}

/** Sent mails as they went out. They are written after the fact, and those that come faster than they can be written are not kept. */
export class MailContents {
  readonly #blobs: BlobStore;
  readonly #options: MailContentsOptions | false;
  readonly #pending = new Set<Promise<void>>();

  /** @param options `false` where nothing is kept from now on: what was kept is still found */
  constructor(blobs: BlobStore, options: MailContentsOptions | false) {
    this.#blobs = blobs;
    this.#options = options;
  }

  /** Whether sent mails are kept. */
  get kept(): boolean {
    return this.#options !== false;
  }

  /** Never throws, and nobody waits for it. */
  keep(message: MailMessage): void {
    if (this.#options === false || this.#pending.size >= MOST_PENDING) return;
    const kept = this.#keep(message, this.#options)
      .catch(() => {})
      .finally(() => void this.#pending.delete(kept));
    this.#pending.add(kept);
  }

  async has(id: string): Promise<boolean> {
    return this.#blobs.keep(keyOf(id), 0);
  }

  /** The message as it went out; `undefined` when it is not kept. */
  async get(id: string): Promise<Uint8Array | undefined> {
    const text = await this.#blobs.get(keyOf(id));
    return text === null ? undefined : unpack(Buffer.from(text, 'base64'), { maxOutputLength: LARGEST });
  }

  /** Waits for what is being written. */
  async flush(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #keep(message: MailMessage, { keep, maxSize }: MailContentsOptions): Promise<void> {
    const raw = await message.raw();
    if (raw.length > maxSize) return;
    const packed = await pack(raw, { level: 1 });
    await this.#blobs.put(keyOf(message.id), packed.toString('base64'), keep);
  }
}

const pack = promisify<Uint8Array, { level: number }, Buffer>(gzip);
const unpack = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(gunzip);

/** Mails at once. */
const MOST_PENDING = 100;
/** Bytes. */
const LARGEST = 64 * 1024 * 1024;

/** No other content has a colon in its key. */
function keyOf(id: string): string {
  return `content:${id}`;
}
