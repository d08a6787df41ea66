import type { ByteWriter } from './byte-writer.js';

/** Base64 in lines of 76 characters; RFC 2045 section 6.8. No line end after the last. */
export function writeBase64(out: ByteWriter, source: Uint8Array): void {
  const encoded = Buffer.from(source.buffer, source.byteOffset, source.byteLength).toString('base64');
  const breaks = Math.max(0, Math.ceil(encoded.length / LINE) - 1);
  out.encode(encoded.length + breaks * 2, (buffer, start) => {
    // Written in one go so far ahead that the line ends still to come fill the gap, then moved back line by line.
    let from = start + breaks * 2;
    let to = start;
    const end = from + buffer.write(encoded, from, 'latin1');
    for (let line = 0; line < breaks; line++) {
      buffer.copyWithin(to, from, from + LINE);
      from += LINE;
      to += LINE;
      buffer[to++] = CR;
      buffer[to++] = LF;
    }
    return end;
  });
}

const LINE = 76;
const CR = 0x0d;
const LF = 0x0a;
