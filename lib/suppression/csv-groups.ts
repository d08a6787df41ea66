/** Lines that belong together, as far as their quotes tell. */
export interface CsvGroup {
  /** Without the last line break. */
  text: string;
  /** A quote is open at its end: it must not be read together with what follows. */
  open?: boolean;
  /** It was too long, and is not in `text`. */
  tooLong?: boolean;
}

/**
 * Parts CSV where a record can end, so that one bad record harms no other: a quote that is never closed ends with its line, and a record
 * of more than {@link LONGEST_RECORD} characters is let go as it comes. csv-parse alone would lose all that follows either.
 */
export async function* csvGroups(chunks: AsyncIterable<string>): AsyncGenerator<CsvGroup> {
  const waiting: string[] = [];
  for await (const line of lines(chunks)) {
    if (line !== undefined) waiting.push(line);
    yield* groupsOf(waiting, line === undefined);
    if (line === undefined) yield { text: '', tooLong: true };
  }
  yield* groupsOf(waiting, true);
}

/** In characters. An address has at most 320. */
export const LONGEST_RECORD = 65_536;
/** Of one record. */
const MOST_LINES = 100;

/** Takes the groups out of the lines that wait. What is left has a quote open, which a later line may close. */
function* groupsOf(waiting: string[], noneFollows: boolean): Generator<CsvGroup> {
  while (waiting.length > 0) {
    let open = false;
    let end = 0;
    do if (isOdd(waiting[end++]!)) open = !open;
    while (open && end < waiting.length);
    if (!open) yield { text: waiting.splice(0, end).join('\n') };
    else if (noneFollows || isTooMuch(waiting)) yield { text: waiting.shift()!, open };
    else return;
  }
}

function isTooMuch(waiting: readonly string[]): boolean {
  return waiting.length > MOST_LINES || waiting.reduce((sum, line) => sum + line.length, 0) > LONGEST_RECORD;
}

function isOdd(line: string): boolean {
  let odd = false;
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) odd = !odd;
  return odd;
}

/** Undefined for a line that is too long. */
async function* lines(chunks: AsyncIterable<string>): AsyncGenerator<string | undefined> {
  let kept = '';
  let skipping = false;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      const line = kept + chunk.slice(start, end);
      yield skipping || line.length > LONGEST_RECORD ? undefined : line.replace(/\r$/, '');
      kept = '';
      skipping = false;
      start = end + 1;
    }
    if (!skipping) kept += chunk.slice(start);
    if (kept.length > LONGEST_RECORD) [kept, skipping] = ['', true];
  }
  if (skipping) yield undefined;
  else if (kept !== '') yield kept;
}
