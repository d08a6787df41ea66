/** A part of a mail, read only as far as it is asked for. */
export interface MimePart {
  /** By their names in lower case, unfolded, as they came. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** In lower case, without parameters: `text/plain`. */
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Of a multipart; what is in a `message/rfc822` is not among them. */
  readonly parts: readonly MimePart[];
  /** As it came, a character a byte. */
  readonly raw: string;
}

/** How much of a mail is looked at: reports are short, and what they are about may be long. */
const MOST_BYTES = 1024 * 1024;
const MOST_PARTS = 60;
const DEEPEST = 6;
const MOST_HEADERS = 64 * 1024;

/** Reads a mail in bounded time and memory, whatever the bytes are. */
export function readMime(source: Uint8Array | string): MimePart {
  const bytes = typeof source === 'string' ? Buffer.from(source.slice(0, MOST_BYTES)) : source.subarray(0, MOST_BYTES);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return readPart(text.replaceAll(/\r\n?/g, '\n').replace(/^(?:>?From [^\n]*\n)?\n*/, ''), 0, { left: MOST_PARTS });
}

/** The first of a name, or an empty text. */
export function headerOf({ headers }: Pick<MimePart, 'headers'>, name: string): string {
  return headers.get(name)?.[0] ?? '';
}

/** All parts, in their order, the whole one first. */
export function* eachPart(part: MimePart): Generator<MimePart> {
  yield part;
  for (const one of part.parts) yield* eachPart(one);
}

/** Header fields, and what stands behind them. */
export function readFields(text: string): { headers: Map<string, string[]>; rest: string } {
  const end = text.startsWith('\n') ? 0 : text.indexOf('\n\n');
  const block = text.slice(0, Math.min(end < 0 ? text.length : end, MOST_HEADERS));
  const headers = new Map<string, string[]>();
  for (const line of block.replaceAll(/\n[ \t]+/g, ' ').split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const values = headers.get(name) ?? [];
    values.push(line.slice(colon + 1).trim());
    headers.set(name, values);
  }
  return { headers, rest: end < 0 ? '' : text.slice(end).replace(/^\n+/, '') };
}

function readPart(text: string, depth: number, budget: { left: number }): MimePart {
  const { headers, rest } = readFields(text);
  const { type, parameters } = contentType(headers.get('content-type')?.[0] ?? '');
  const boundary = parameters['boundary'];
  const parts: MimePart[] = [];
  if (type.startsWith('multipart/') && boundary && depth < DEEPEST) {
    for (const piece of pieces(rest, boundary)) {
      if (budget.left-- <= 0) break;
      parts.push(readPart(piece, depth + 1, budget));
    }
  }
  return { headers, type, parameters, parts, raw: rest };
}

/** What stands between the boundaries (RFC 2046 section 5.1.1). */
function* pieces(text: string, boundary: string): Generator<string> {
  const mark = `--${boundary}`;
  let start = -1;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length)) {
    if (at > 0 && text[at - 1] !== '\n') continue;
    if (start >= 0) yield text.slice(start, at - 1);
    if (text.startsWith('--', at + mark.length)) return;
    const line = text.indexOf('\n', at);
    if (line < 0) return;
    start = line + 1;
  }
  if (start >= 0) yield text.slice(start);
}

function contentType(header: string): { type: string; parameters: Record<string, string> } {
  const [type = '', ...rest] = header.slice(0, 1_000).split(';');
  const parameters: Record<string, string> = {};
  for (const one of rest) {
    const equals = one.indexOf('=');
    if (equals < 0) continue;
    const value = one.slice(equals + 1).trim();
    parameters[one.slice(0, equals).trim().toLowerCase()] = value.startsWith('"')
      ? value.slice(1).replace(/"[^"]*$/, '')
      : value;
  }
  return { type: type.trim().toLowerCase(), parameters };
}
