/** Base64 in lines of 76 characters; RFC 2045 section 6.8. No line end after the last. */
export function base64Lines(source: Uint8Array): Uint8Array {
  const kept = encoded.get(source);
  const lines = kept ?? encode(source);
  if (kept === null) encoded.set(source, lines);
  return lines;
}

/** Has a content encoded once that many messages share, for as long as it is there; from now on it must not be changed. */
export function shareEncoding(source: Uint8Array): void {
  if (!encoded.has(source)) encoded.set(source, null);
}

/** `null` for what is yet to be encoded. */
const encoded = new WeakMap<Uint8Array, Uint8Array | null>();

/** Two characters at a time, for twelve bits. */
function encode(source: Uint8Array): Uint8Array {
  const characters = Math.ceil(source.length / 3) * 4;
  const breaks = Math.max(0, Math.ceil(characters / LINE) - 1);
  const lines = Buffer.allocUnsafeSlow(characters + breaks * 2);
  const pairs = new Uint16Array(lines.buffer, lines.byteOffset, lines.length / 2);
  const whole = source.length - (source.length % 3);
  let to = 0;
  let inLine = 0;
  for (let from = 0; from < whole; from += 3) {
    if (inLine === LINE) {
      pairs[to++] = LINE_END;
      inLine = 0;
    }
    const bits = (source[from]! << 16) | (source[from + 1]! << 8) | source[from + 2]!;
    pairs[to++] = PAIRS[bits >> 12]!;
    pairs[to++] = PAIRS[bits & 0xfff]!;
    inLine += 4;
  }
  if (whole < source.length) {
    if (inLine === LINE) pairs[to++] = LINE_END;
    lines.write(Buffer.from(source.subarray(whole)).toString('base64'), to * 2, 'latin1');
  }
  return lines;
}

const LINE = 76;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const LINE_END = pairOf('\r\n');
const PAIRS = Uint16Array.from({ length: 4096 }, (_, bits) => pairOf(ALPHABET[bits >> 6]! + ALPHABET[bits & 63]!));

/** As two characters lie in memory. */
function pairOf(text: string): number {
  return new Uint16Array(Uint8Array.from(Buffer.from(text, 'latin1')).buffer)[0]!;
}
