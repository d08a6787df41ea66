import { type Options, parse } from 'csv-parse/sync';
import { csvGroups } from './csv-groups.js';

/** A row's cells, or null for a row that cannot be read. */
export type CsvRow = readonly string[] | null;

/** The rows of a CSV (RFC 4180), with a comma, a semicolon or a tab between the cells, as the first line shows. Empty lines are none. */
export async function* readCsv(chunks: AsyncIterable<string>): AsyncGenerator<CsvRow> {
  let options: Options | undefined;
  let batch: string[] = [];
  for await (const { text, open = false, tooLong = false } of csvGroups(chunks)) {
    options ??= { ...OPTIONS, delimiter: delimiterOf(text) };
    if (!open && !tooLong) {
      batch.push(text);
      if (batch.length < BATCH) continue;
    }
    yield* parsed(batch, options);
    batch = [];
    if (open) yield* parsed([text], options);
    if (tooLong) yield null;
  }
  if (options) yield* parsed(batch, options);
}

/** One call for many rows is far faster than one for each. */
const BATCH = 500;

const OPTIONS: Options = {
  record_delimiter: ['\n', '\r\n'],
  relax_column_count: true,
  relax_quotes: true,
  skip_empty_lines: true,
  // Spreadsheets write them where a row was deleted.
  skip_records_with_empty_values: true,
};

function delimiterOf(header: string): string {
  return [',', ';', '\t'].find((delimiter) => header.includes(delimiter)) ?? ',';
}

function parsed(groups: readonly string[], options: Options): CsvRow[] {
  try {
    return parse(groups.join('\n'), options) as unknown as string[][];
  } catch {
    // One of them is at fault, and only that one.
    return groups.length > 1 ? groups.flatMap((group) => parsed([group], options)) : [null];
  }
}
