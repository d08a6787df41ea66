import { MailMessageError } from '../errors/mail-message.error.js';

/** A header field in relaxed form, without a line end; RFC 6376 section 3.4.2. */
export function relaxedField(field: string): string {
  const colon = field.indexOf(':');
  const name = field.slice(0, colon).trimEnd().toLowerCase();
  // Only space and tab are whitespace here: a byte of UTF-8 may look like another one.
  const value = field
    .slice(colon + 1)
    .replaceAll('\r\n', '')
    .replace(/[ \t]+/g, ' ')
    .replace(/^ | $/g, '');
  return `${name}:${value}`;
}

/**
 * A body in relaxed form; RFC 6376 section 3.4.4.
 *
 * @throws MailMessageError for a line end that is not CRLF: a server on the way would mend it, and so break the signature
 */
export function relaxedBody(body: Uint8Array): Uint8Array {
  const relaxed = Buffer.allocUnsafe(body.length + 2);
  let length = 0;
  let lineEnds = 0;
  let space = false;
  for (let index = 0; index < body.length;) {
    let byte = body[index]!;
    if (byte === SPACE || byte === TAB) {
      space = true;
      index++;
    } else if (byte === CR && body[index + 1] === LF) {
      lineEnds++;
      space = false;
      index += 2;
    } else if (byte === CR || byte === LF) {
      throw new MailMessageError('raw', 'the body has a line end that is not CRLF');
    } else {
      // Line ends and spaces count only once something follows them: those at the end are dropped.
      for (; lineEnds > 0; lineEnds--) {
        relaxed[length++] = CR;
        relaxed[length++] = LF;
      }
      if (space) relaxed[length++] = SPACE;
      space = false;
      do {
        relaxed[length++] = byte;
        byte = body[++index]!;
      } while (byte > SPACE);
    }
  }
  if (length === 0) return relaxed.subarray(0, 0);
  relaxed[length++] = CR;
  relaxed[length++] = LF;
  return relaxed.subarray(0, length);
}

const SPACE = 0x20;
const TAB = 0x09;
const CR = 0x0d;
const LF = 0x0a;
