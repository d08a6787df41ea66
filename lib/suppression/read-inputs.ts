import { MailMessageError } from '../errors/mail-message.error.js';
import { readCsv } from './read-csv.js';
import type { SuppressionInput } from './suppression-entry.interface.js';
import { rowReader } from './suppression-formats.js';

/** What an import is made of; null for a row that is none. */
export type ImportItem = SuppressionInput | null;

/** Entries as they are, or out of a text: CSV or JSON. Nothing is read before it is asked for. */
export async function* readInputs(source: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<ImportItem> {
  const items = each(source);
  const first = await items.next();
  if (first.done) return;
  const all = behind(first.value, items);
  if (typeof first.value !== 'string' && !(first.value instanceof Uint8Array)) yield* all as AsyncGenerator<ImportItem>;
  else yield* readText(decoded(all as AsyncGenerator<string | Uint8Array>));
}

async function* readText(text: AsyncGenerator<string>): AsyncGenerator<ImportItem> {
  let start = '';
  for (;;) {
    const next = await text.next();
    if (next.done) break;
    start += next.value;
    if (/\S/.test(start)) break;
  }
  const all = behind(start, text);
  if (/^\s*[[{]/.test(start)) yield* readJson(all);
  else yield* readRows(all);
}

async function* readRows(text: AsyncIterable<string>): AsyncGenerator<ImportItem> {
  let read: ReturnType<typeof rowReader>;
  for await (const row of readCsv(text)) {
    if (read) yield row && attempted(read, row);
    else if (row) read = headed(row);
    else throw headless();
  }
}

/** The object that a provider's API answers with, or an array of its items. */
async function* readJson(text: AsyncIterable<string>): AsyncGenerator<ImportItem> {
  let whole = '';
  for await (const chunk of text) {
    whole += chunk;
    if (whole.length > LONGEST_JSON) throw new MailMessageError('entries', 'are more than 64 MB of JSON; give CSV');
  }
  for (const item of itemsOf(whole)) {
    const entries = typeof item === 'object' && item !== null ? Object.entries(item) : [];
    const read = rowReader(entries.map(([name]) => name));
    yield read
      ? attempted(
          read,
          entries.map(([, value]) => value),
        )
      : null;
  }
}

/** In characters. */
const LONGEST_JSON = 64 * 1024 * 1024;
/** Where Amazon SES, Postmark and Mailgun have them. */
const LISTS = ['SuppressedDestinationSummaries', 'Suppressions', 'items'] as const;

function itemsOf(text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MailMessageError('entries', 'begin as JSON does, and are none', { cause });
  }
  if (Array.isArray(value)) return value;
  const list = LISTS.map((name) => (value as Record<string, unknown>)[name]).find(Array.isArray);
  if (!list) throw new MailMessageError('entries', `as JSON are an array, or an object with ${LISTS.join(', ')}`);
  return list;
}

function attempted(read: NonNullable<ReturnType<typeof rowReader>>, cells: readonly unknown[]): ImportItem {
  try {
    return read(cells);
  } catch (error) {
    if (error instanceof MailMessageError) return null;
    throw error;
  }
}

function headed(header: readonly string[]): NonNullable<ReturnType<typeof rowReader>> {
  const read = rowReader(header);
  if (!read) throw headless();
  return read;
}

function headless(): MailMessageError {
  return new MailMessageError(
    'entries',
    'as CSV need a first row with the names of the columns, one of them address (or email, or EmailAddress and Reason)',
  );
}

async function* each(source: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<unknown> {
  yield* source;
}

/** One item, then the others; they are told when nobody reads on. */
async function* behind<T>(first: T, others: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    yield first;
    yield* others;
  } finally {
    await others.return(undefined);
  }
}

/** UTF-8, without its byte order mark. */
async function* decoded(chunks: AsyncIterable<string | Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let first = true;
  for await (const chunk of chunks) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    yield first ? text.replace(/^\ufeff/, '') : text;
    if (text !== '') first = false;
  }
  yield decoder.decode();
}
