import { base64Lines } from './base64.js';
import type { ByteWriter } from './byte-writer.js';
import { LONGEST_LINE, PREFERRED_LINE } from './fold.js';
import { writeQuotedPrintable } from './quoted-printable.js';

/** RFC 2045 section 6.1. `8bit` and `binary` are never used: not every server on the way takes them. */
export type TransferEncoding = '7bit' | 'quoted-printable' | 'base64';

/** How a text is best sent: as it is where that is safe, else in whichever encoding is shorter. */
export function chooseEncoding(text: string): TransferEncoding {
  const beyondAscii = Buffer.byteLength(text) - text.length;
  // Each of those characters has one byte more than UTF-16 units, or two: so about twice as many bytes are not ASCII.
  if (beyondAscii > 0) return beyondAscii * 2 > (text.length + beyondAscii) / 6 ? 'base64' : 'quoted-printable';
  return hasLongLine(text) || CONTROLS.test(text) || FROM_LINE.test(text) ? 'quoted-printable' : '7bit';
}

/** Writes a text with CRLF line ends, whatever they were. */
export function writeText(out: ByteWriter, text: string, encoding: TransferEncoding): void {
  if (encoding === 'quoted-printable') writeQuotedPrintable(out, text);
  else if (encoding === 'base64') out.bytes(base64Lines(Buffer.from(withCrlf(text))));
  else out.text(withCrlf(text));
}

/** Whether bytes may stand in a message as they are: ASCII without NUL, in lines that may be sent. */
export function isSevenBit(bytes: Uint8Array): boolean {
  let lineStart = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    if (byte === 0 || byte > 0x7e || index - lineStart >= LONGEST_LINE) return false;
    if (byte === 0x0a || byte === 0x0d) lineStart = index + 1;
  }
  return true;
}

/** By jumps from line end to line end: a pattern would look at each character again and again. A CR alone ends no line here. */
function hasLongLine(text: string): boolean {
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const cr = text.charCodeAt(end - 1) === CR ? 1 : 0;
    if (end - cr - start > PREFERRED_LINE) return true;
  }
  return false;
}

function withCrlf(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?|\n/g, '\r\n') : text.replaceAll('\n', '\r\n');
}

const CR = 0x0d;
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;
/** Mailbox files would change it to `>From `. */
const FROM_LINE = /(?:^|[\r\n])From /;
