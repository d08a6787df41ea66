import type { BlobStore } from '../queue/blob-store.interface.js';

/** Contents in this process's memory, for tests. */
export class MemoryBlobStore implements BlobStore {
  readonly #contents = new Map<string, { content: string; until: number }>();
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  async keep(key: string, time: number): Promise<boolean> {
    const found = this.#found(key);
    if (found) found.until = Math.max(found.until, this.#now() + time);
    return found !== undefined;
  }

  async put(key: string, content: string, time: number): Promise<void> {
    const until = Math.max(this.#found(key)?.until ?? 0, this.#now() + time);
    this.#contents.set(key, { content, until });
  }

  async get(key: string): Promise<string | null> {
    return this.#found(key)?.content ?? null;
  }

  clear(): void {
    this.#contents.clear();
  }

  #found(key: string): { content: string; until: number } | undefined {
    const found = this.#contents.get(key);
    if (!found || found.until > this.#now()) return found;
    this.#contents.delete(key);
    return undefined;
  }
}
