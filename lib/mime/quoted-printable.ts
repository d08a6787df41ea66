import type { ByteWriter } from './byte-writer.js';

/**
 * Text as quoted-printable, RFC 2045 section 6.7: lines of 76 characters at most, every line end as CRLF. No character is torn by a soft
 * line break, and no line begins with `From `, which mailbox files would change to `>From `.
 */
export function writeQuotedPrintable(out: ByteWriter, text: string): void {
  const source = Buffer.byteLength(text);
  // Three for each byte, three for each soft line break (after 64 columns or more), and the source itself at the far end.
  const encoded = source * 3 + Math.ceil((source * 3) / 64) * 3 + 3;
  out.encode(encoded + source, (buffer, start) => {
    const from = start + encoded;
    return encode(buffer, from, from + buffer.write(text, from, 'utf8'), start);
  });
}

function encode(buffer: Buffer, from: number, end: number, to: number): number {
  let lineStart = to;
  for (let index = from; index < end;) {
    // What goes as it is, up to the end of the line.
    const stop = Math.min(end, index + ROOM - (to - lineStart));
    if (to === lineStart && startsWithFrom(buffer, index)) {
      to = escape(buffer, to, buffer[index++]!);
      continue;
    }
    let byte = 0;
    while (index < stop && WIDTH[(byte = buffer[index]!)] === 1) {
      buffer[to++] = byte;
      index++;
    }
    if (index === end) break;
    byte = buffer[index]!;
    if (byte === CR || byte === LF) {
      to = endOfLine(buffer, to, lineStart);
      buffer[to++] = CR;
      buffer[to++] = LF;
      lineStart = to;
      index += byte === CR && buffer[index + 1] === LF && index + 1 < end ? 2 : 1;
    } else if (to - lineStart + WIDTH[byte]! > ROOM) {
      to = softBreak(buffer, to);
      lineStart = to;
    } else {
      to = escape(buffer, to, byte);
      index++;
    }
  }
  return endOfLine(buffer, to, lineStart);
}

/** A space or tab must not end a line: it is encoded. */
function endOfLine(buffer: Buffer, to: number, lineStart: number): number {
  const last = to > lineStart ? buffer[to - 1] : undefined;
  if (last !== SPACE && last !== TAB) return to;
  const before = to - 1;
  return escape(buffer, before - lineStart + 3 > ROOM ? softBreak(buffer, before) : before, last);
}

function softBreak(buffer: Buffer, to: number): number {
  buffer[to] = EQUALS;
  buffer[to + 1] = CR;
  buffer[to + 2] = LF;
  return to + 3;
}

function escape(buffer: Buffer, to: number, byte: number): number {
  buffer[to] = EQUALS;
  buffer[to + 1] = HEX[byte >> 4]!;
  buffer[to + 2] = HEX[byte & 15]!;
  return to + 3;
}

function startsWithFrom(buffer: Buffer, index: number): boolean {
  return (
    buffer[index] === FROM[0] &&
    buffer.compare(FROM, 0, FROM.length, index, Math.min(buffer.length, index + FROM.length)) === 0
  );
}

const CR = 0x0d;
const LF = 0x0a;
const TAB = 0x09;
const SPACE = 0x20;
const EQUALS = 0x3d;
const FROM = Buffer.from('From ');
const HEX = Buffer.from('0123456789ABCDEF');

/** 76 columns less the `=` of a soft line break. */
const ROOM = 75;

/** Columns that must be free for a byte: for the first of a UTF-8 sequence those of all of it. Only a width of 1 goes as it is. */
const WIDTH = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === TAB || (byte >= SPACE && byte < 0x7f && byte !== EQUALS)) return 1;
  if (byte >= 0xf0) return 12;
  if (byte >= 0xe0) return 9;
  return byte >= 0xc0 ? 6 : 3;
});
