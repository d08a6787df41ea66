import { text } from 'node:stream/consumers';
import { MemorySuppressionStore } from '../../lib/store/memory.suppression-store.js';
import type { SuppressionEntry } from '../../lib/suppression/suppression-entry.interface.js';
import { SuppressionList } from '../../lib/suppression/suppression-list.js';

/** A list of its own, in memory, and what is on it. */
export function newList(): { list: SuppressionList; entries(): Promise<SuppressionEntry[]>; csv(): Promise<string> } {
  const list = new SuppressionList(new MemorySuppressionStore());
  return {
    list,
    entries: async () => (await list.list({ limit: 1_000 })).entries,
    csv: () => text(list.export()),
  };
}
