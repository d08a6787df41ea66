import { MailMessageError } from '../errors/mail-message.error.js';
import { headerField } from './message-header.js';

/** One field of a finished message: its name in lower case, its value unfolded, and where it stands in the bytes. */
export interface RawField {
  readonly name: string;
  /** A character a byte. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The header fields of a finished message (RFC 5322 section 2.2), in their order. A line that is no field is passed over.
 *
 * @throws MailMessageError for a header that is longer than 1 MiB, which is none
 */
export function readRawHeader(raw: Uint8Array): RawField[] {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const length = headerEnd(bytes);
  if (length > LONGEST_HEADER)
    throw new MailMessageError('raw', 'has a header of more than 1 MiB; an empty line ends it (RFC 5322 section 2.1)', {
      reason: 'too-large',
    });
  const header = bytes.toString('latin1', 0, length);
  const fields: RawField[] = [];
  for (let start = 0; start < header.length;) {
    const end = fieldEnd(header, start);
    const field = header.slice(start, end);
    const colon = field.indexOf(':');
    if (colon > 0) {
      const name = field.slice(0, colon).trimEnd().toLowerCase();
      const value = field
        .slice(colon + 1)
        .replaceAll(/\r\n(?=[ \t])/g, '')
        .trim();
      if (FIELD_NAME.test(name)) fields.push({ name, value, start, end });
    }
    start = end;
  }
  return fields;
}

/**
 * The message with these fields left out, and others put at its top; every other byte stays as it is, so that signatures hold.
 *
 * @param added by name
 */
export function withFields(
  raw: Uint8Array,
  left: readonly RawField[],
  added: Readonly<Record<string, string>>,
): Uint8Array {
  const pieces: Uint8Array[] = Object.entries(added).map(([name, value]) => Buffer.from(headerField(name, value)));
  if (pieces.length === 0 && left.length === 0) return raw;
  let from = 0;
  for (const { start, end } of left) {
    pieces.push(raw.subarray(from, start));
    from = end;
  }
  pieces.push(raw.subarray(from));
  return Buffer.concat(pieces);
}

/** Every line ends with CRLF, and neither CR nor LF stands alone (RFC 5322 section 2.2). */
export function withCrlf(raw: Uint8Array): Uint8Array {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  if (bytes.subarray(-2).equals(CRLF) && !hasBareLineEnd(bytes)) return raw;
  const text = bytes.toString('latin1').replaceAll(/\r\n|\r|\n/g, '\r\n');
  return Buffer.from(text.endsWith('\r\n') ? text : `${text}\r\n`, 'latin1');
}

/** Where the header ends, with the CRLF of its last field. */
export function headerEnd(bytes: Buffer): number {
  if (bytes.subarray(0, 2).equals(CRLF)) return 0;
  const end = bytes.indexOf('\r\n\r\n');
  return end < 0 ? bytes.length : end + 2;
}

function fieldEnd(header: string, start: number): number {
  for (let at = start; ;) {
    const line = header.indexOf('\r\n', at);
    if (line < 0) return header.length;
    const next = header[line + 2];
    if (next !== ' ' && next !== '\t') return line + 2;
    at = line + 2;
  }
}

function hasBareLineEnd(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) if (bytes[at - 1] !== CR) return true;
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1)) if (bytes[at + 1] !== LF) return true;
  return false;
}

const CR = 13;
const LF = 10;
const CRLF = Buffer.from('\r\n');
const FIELD_NAME = /^[!-9;-~]+$/;

/** Bytes. */
const LONGEST_HEADER = 1024 * 1024;
