import { merged } from '../suppression/merge-entries.js';
import type { SuppressionEntry } from '../suppression/suppression-entry.interface.js';
import { keyText } from './suppression-key.js';

/** One entry a key, sorted by their keys. */
export function mergedByKey(entries: readonly SuppressionEntry[]): SuppressionEntry[] {
  const byKey = new Map<string, SuppressionEntry>();
  for (const entry of entries) {
    const key = keyText(entry);
    const first = byKey.get(key);
    byKey.set(key, first ? merged(first, entry) : entry);
  }
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}

export function* inBatches<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
