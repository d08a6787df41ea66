import { pipeline, Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import type { SuppressionEntry, SuppressionScope } from './suppression-entry.interface.js';
import { SUPPRESSION_BATCH, type SuppressionKey, type SuppressionStore } from './suppression-store.interface.js';

/** The columns of our own CSV. */
export const CSV_COLUMNS = ['address', 'reason', 'stream', 'tenant', 'source', 'at', 'expires'] as const;

/** Entries as CSV, a page of the store at a time, as they are asked for. */
export function writeCsv(store: SuppressionStore, scope: SuppressionScope): Readable {
  const csv = stringify({ header: true, columns: [...CSV_COLUMNS] });
  // An error destroys the stringifier, whose reader is told.
  pipeline(Readable.from(rows(store, scope)), csv, () => undefined);
  return csv;
}

/**
 * A cell that a spreadsheet would take for a formula: `=1+1@x.test` and `-a@x.test` are addresses. With an apostrophe before it, it is
 * text; one that has apostrophes already gets one more, so that what was written can be read back.
 * https://owasp.org/www-community/attacks/CSV_Injection
 */
export function escapeFormula(cell: string): string {
  return /^'*[=+\-@＝＋－＠]/.test(cell) ? `'${cell}` : cell;
}

/** The opposite of {@link escapeFormula}. */
export function unescapeFormula(cell: string): string {
  return /^'+[=+\-@＝＋－＠]/.test(cell) ? cell.slice(1) : cell;
}

async function* rows(store: SuppressionStore, scope: SuppressionScope): AsyncGenerator<string[]> {
  let after: SuppressionKey | undefined;
  for (;;) {
    const page = await store.page({ ...scope, limit: SUPPRESSION_BATCH, ...(after && { after }) });
    for (const entry of page.entries) yield rowOf(entry);
    if (!page.next) return;
    after = page.next;
  }
}

function rowOf({ address, reason, stream = '', tenant = '', source = '', at, expires }: SuppressionEntry): string[] {
  const words = [address, reason, stream, tenant, source].map(escapeFormula);
  return [...words, at.toISOString(), expires?.toISOString() ?? ''];
}
