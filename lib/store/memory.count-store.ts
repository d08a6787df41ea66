import type { Count, CountKey, CountStore } from '../events/count-store.interface.js';

/** Counters in this process's memory, for tests. */
export class MemoryCountStore implements CountStore {
  readonly #counts = new Map<string, Count>();

  async add(counts: readonly Count[]): Promise<void> {
    for (const one of counts) {
      const key = keyOf(one);
      this.#counts.set(key, { ...one, count: (this.#counts.get(key)?.count ?? 0) + one.count });
    }
  }

  async read(days: readonly string[]): Promise<Count[]> {
    return [...this.#counts.values()].filter(({ day }) => days.includes(day)).map((one) => ({ ...one }));
  }

  clear(): void {
    this.#counts.clear();
  }
}

function keyOf({ day, provider, stream, tag, type }: CountKey): string {
  return JSON.stringify([day, provider, stream, tag, type]);
}
