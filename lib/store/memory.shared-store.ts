import type { SharedDocument, SharedStore } from '../shared-store.interface.js';

/** Documents in this process's memory, for tests. */
export class MemorySharedStore implements SharedStore {
  readonly #documents = new Map<string, { version: number; text: string }>();
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  async read(key: string): Promise<SharedDocument> {
    return { version: 0, text: '', ...this.#documents.get(key), now: this.#now() };
  }

  async swap(key: string, version: number, text: string): Promise<SharedDocument & { swapped: boolean }> {
    const stored = this.#documents.get(key)?.version ?? 0;
    const swapped = stored === version;
    if (swapped) this.#documents.set(key, { version: version + 1, text });
    return { ...(await this.read(key)), swapped };
  }

  clear(): void {
    this.#documents.clear();
  }
}
