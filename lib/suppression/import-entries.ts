import { MailMessageError } from '../errors/mail-message.error.js';
import { readEntry } from './read-entry.js';
import { type ImportItem, readInputs } from './read-inputs.js';
import type { SuppressionEntry } from './suppression-entry.interface.js';
import { SUPPRESSION_BATCH, type SuppressionStore } from './suppression-store.interface.js';

/** Reads no further while the store writes. What was written before an error stays. */
export async function importEntries(
  store: SuppressionStore,
  source: Iterable<unknown> | AsyncIterable<unknown>,
  now: () => Date,
): Promise<{ added: number; invalid: number }> {
  let batch: SuppressionEntry[] = [];
  let [added, invalid] = [0, 0];
  const flush = async (): Promise<void> => {
    await store.put(batch);
    added += batch.length;
    batch = [];
  };
  for await (const item of readInputs(source)) {
    const entry = entryOf(item, now);
    if (!entry) {
      invalid++;
      continue;
    }
    batch.push(entry);
    if (batch.length === SUPPRESSION_BATCH) await flush();
  }
  if (batch.length > 0) await flush();
  return { added, invalid };
}

function entryOf(item: ImportItem, now: () => Date): SuppressionEntry | undefined {
  if (item === null) return undefined;
  try {
    const entry = readEntry(item, now());
    // A character that could not be decoded: the address is another one.
    return entry.address.includes('\ufffd') ? undefined : entry;
  } catch (error) {
    if (error instanceof MailMessageError) return undefined;
    throw error;
  }
}
