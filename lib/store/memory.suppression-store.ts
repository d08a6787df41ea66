import { merged, untilOf } from '../suppression/merge-entries.js';
import type { SuppressionEntry, SuppressionScope } from '../suppression/suppression-entry.interface.js';
import {
  MOST_SOFT_BOUNCES,
  type SuppressionKey,
  type SuppressionPage,
  type SuppressionQuery,
  type SuppressionStore,
} from '../suppression/suppression-store.interface.js';
import { applicableKeys, keyText } from './suppression-key.js';

/** Who is not to be written to, in this process's memory, for tests. */
export class MemorySuppressionStore implements SuppressionStore {
  readonly #entries = new Map<string, SuppressionEntry>();
  readonly #softBounces = new Map<string, Map<string, number>>();
  readonly #now: () => number;
  #sorted?: string[];

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  async find(addresses: readonly string[], scope: SuppressionScope): Promise<SuppressionEntry[]> {
    const keys = addresses.flatMap((address) => applicableKeys(address, scope));
    return [...new Set(keys)].flatMap((key) => this.#found(key) ?? []).map(copyOf);
  }

  async put(entries: readonly SuppressionEntry[]): Promise<void> {
    for (const entry of entries) {
      if (untilOf(entry) <= this.#now()) continue;
      const key = keyText(entry);
      const stored = this.#found(key);
      if (!stored) this.#sorted = undefined;
      this.#entries.set(key, copyOf(stored ? merged(stored, entry) : entry));
    }
  }

  async delete(key: SuppressionKey, reason?: string): Promise<boolean> {
    const stored = this.#found(keyText(key));
    if (!stored || (reason !== undefined && stored.reason !== reason)) return false;
    return this.#remove(keyText(key));
  }

  async page({ after, limit, search = '', stream, tenant }: SuppressionQuery): Promise<SuppressionPage> {
    const start = after ? keyText(after) : '';
    const entries: SuppressionEntry[] = [];
    for (const key of this.#keys()) {
      if (key <= start) continue;
      const entry = this.#found(key);
      if (!entry || !entry.address.includes(search)) continue;
      if ((stream !== undefined && entry.stream !== stream) || (tenant !== undefined && entry.tenant !== tenant))
        continue;
      // There is one more.
      if (entries.length === limit) return { entries: entries.map(copyOf), next: entries.at(-1)! };
      entries.push(entry);
    }
    return { entries: entries.map(copyOf) };
  }

  async countSoftBounce(address: string, event: string, at: number, within: number): Promise<number> {
    const bounces = this.#softBounces.get(address) ?? new Map<string, number>();
    this.#softBounces.set(address, bounces);
    if (!bounces.has(event)) bounces.set(event, at);
    const latest = Math.max(...bounces.values());
    for (const [id, time] of bounces) if (time <= latest - within) bounces.delete(id);
    if (bounces.size > MOST_SOFT_BOUNCES) bounces.delete(bounces.keys().next().value!);
    return bounces.size;
  }

  clear(): void {
    this.#entries.clear();
    this.#softBounces.clear();
    this.#sorted = undefined;
  }

  #keys(): readonly string[] {
    this.#sorted ??= [...this.#entries.keys()].sort();
    return this.#sorted;
  }

  #found(key: string): SuppressionEntry | undefined {
    const entry = this.#entries.get(key);
    if (!entry || untilOf(entry) > this.#now()) return entry;
    this.#remove(key);
    return undefined;
  }

  #remove(key: string): boolean {
    this.#sorted = undefined;
    return this.#entries.delete(key);
  }
}

function copyOf(entry: SuppressionEntry): SuppressionEntry {
  return structuredClone(entry);
}
