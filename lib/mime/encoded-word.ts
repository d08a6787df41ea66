/**
 * Text as encoded words, RFC 2047: UTF-8, in Q or B, whichever is shorter. No word is longer than 75 characters or tears a character.
 *
 * @param room columns left on the line where the first word goes
 */
export function encodedWords(text: string, room = LONGEST_WORD): string[] {
  const wellFormed = text.toWellFormed();
  const bytes = Buffer.byteLength(wellFormed);
  const q = lengthInQ(wellFormed, bytes);
  const first = room < 32 ? LONGEST_WORD : Math.min(room, LONGEST_WORD);
  return q <= Math.ceil(bytes / 3) * 4 ? inQ(wellFormed, first) : inB(wellFormed, first);
}

/** Whether text needs no encoded word: printable ASCII that could not be taken for one. */
export function isPlain(text: string): boolean {
  return PLAIN.test(text) && !text.includes('=?');
}

const PLAIN = /^[ -~]*$/;
const LONGEST_WORD = 75;
const Q_START = '=?UTF-8?Q?';
const B_START = '=?UTF-8?B?';
const END = '?=';
const FRAME = Q_START.length + END.length;

/** What section 5 allows in every place, so in a display name too. */
const Q_SAFE = /^[A-Za-z0-9!*+/-]$/;

const Q_ASCII: readonly string[] = Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (character === ' ') return '_';
  return Q_SAFE.test(character) ? character : `=${code.toString(16).toUpperCase().padStart(2, '0')}`;
});

function inQ(text: string, first: number): string[] {
  const words: string[] = [];
  let payload = '';
  let room = first - FRAME;
  for (const character of text) {
    const encoded = Q_ASCII[character.codePointAt(0)!] ?? encodeURIComponent(character).replaceAll('%', '=');
    if (payload.length + encoded.length > room) {
      words.push(Q_START + payload + END);
      payload = '';
      room = LONGEST_WORD - FRAME;
    }
    payload += encoded;
  }
  return [...words, Q_START + payload + END];
}

function inB(text: string, first: number): string[] {
  const words: string[] = [];
  let start = 0;
  let end = 0;
  let bytes = 0;
  let room = bytesInB(first);
  const word = () => B_START + Buffer.from(text.slice(start, end)).toString('base64') + END;
  for (const character of text) {
    const size = sizeInUtf8(character.codePointAt(0)!);
    if (bytes + size > room) {
      words.push(word());
      start = end;
      bytes = 0;
      room = bytesInB(LONGEST_WORD);
    }
    end += character.length;
    bytes += size;
  }
  return [...words, word()];
}

/** How many bytes fit into a B-encoded word of a length. */
function bytesInB(length: number): number {
  return Math.floor((length - FRAME) / 4) * 3;
}

function lengthInQ(text: string, bytes: number): number {
  let length = 0;
  let ascii = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) continue;
    ascii++;
    length += Q_ASCII[code]!.length;
  }
  return length + (bytes - ascii) * 3;
}

function sizeInUtf8(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}
