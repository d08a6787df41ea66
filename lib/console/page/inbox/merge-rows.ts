import type { MailRow } from '../client/types.js';

/** Beyond this many rows the oldest are let go. */
export const MOST_ROWS = 10_000;

/**
 * Puts what the server told of into a list that is newest first: rows that are there are replaced, or leave when they do not fit any more,
 * and new ones come in at their place. Those older than the list reaches are for a later page.
 */
export function mergeRows(
  rows: readonly MailRow[],
  told: readonly MailRow[],
  fits: (row: MailRow) => boolean,
  whole: boolean,
): { rows: MailRow[]; fresh: MailRow[] } {
  const changed = new Map(told.map((row) => [row.id, row]));
  const kept: MailRow[] = [];
  for (const row of rows) {
    const change = changed.get(row.id);
    changed.delete(row.id);
    if (!change) kept.push(row);
    else if (fits(change)) kept.push(change);
  }
  const oldest = whole ? '' : (rows.at(-1)?.at ?? '');
  return { rows: kept, fresh: [...changed.values()].filter((row) => row.at >= oldest && fits(row)) };
}

export function addRows(rows: readonly MailRow[], fresh: readonly MailRow[]): MailRow[] {
  const newest = [...fresh].sort(newestFirst);
  // Nearly always they are newer than all that is there.
  const added = [...newest, ...rows];
  const last = newest.at(-1);
  if (last && rows[0] && last.at < rows[0].at) added.sort(newestFirst);
  return added.slice(0, MOST_ROWS);
}

function newestFirst(a: MailRow, b: MailRow): number {
  return a.at < b.at ? 1 : a.at > b.at ? -1 : 0;
}
