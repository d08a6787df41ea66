import {
  type HistoryChanges,
  type HistoryFind,
  type HistoryPlace,
  type HistoryQuery,
  type HistoryStore,
  type ListedState,
  MOST_CHANGES,
  type NotedMail,
} from '../history/history-store.interface.js';

interface Entry {
  place: number;
  terms: Set<string>;
  states: readonly ListedState[];
}

/** The history in this process's memory, for tests. */
export class MemoryHistoryStore implements HistoryStore {
  readonly #entries = new Map<string, Entry>();
  #changes: string[] = [];
  #told = 0;
  #last = 0;

  async note(mails: readonly NotedMail[]): Promise<void> {
    for (const { id, terms, states } of mails) {
      const entry = this.#entries.get(id) ?? { place: ++this.#last, terms: new Set(), states: [] };
      for (const term of terms) entry.terms.add(term);
      entry.states = states;
      this.#entries.set(id, entry);
      this.#changes.push(id);
      this.#told++;
    }
    this.#changes = this.#changes.slice(-MOST_CHANGES);
  }

  async find({ terms, state, before = Infinity, limit }: HistoryQuery): Promise<HistoryFind> {
    const found: HistoryPlace[] = [];
    for (const [id, entry] of [...this.#entries].toReversed()) {
      if (entry.place >= before || !terms.every((term) => entry.terms.has(term))) continue;
      if (state !== undefined && !entry.states.includes(state)) continue;
      if (found.length === limit) return { found, next: found.at(-1)!.place };
      found.push({ id, place: entry.place });
    }
    return { found };
  }

  async changes(cursor?: string): Promise<HistoryChanges> {
    const missed = cursor === undefined ? 0 : this.#told - Number(cursor);
    return { ids: missed > 0 ? this.#changes.slice(-missed) : [], cursor: String(this.#told) };
  }

  async size(): Promise<number> {
    return this.#entries.size;
  }

  async clear(): Promise<number> {
    const { size } = this.#entries;
    this.#entries.clear();
    return size;
  }
}
