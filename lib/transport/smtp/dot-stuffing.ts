/**
 * A message as it goes over the wire, piece by piece: a dot at the start of a line is doubled (RFC 5321 section 4.5.2), and a CR or LF that
 * stands alone is made a line end, since what comes after it would be the start of a line to some servers (section 2.3.8).
 */
export class DotStuffing {
  #last: number = LF;

  /** What to write for this piece; the piece itself, where there is nothing to mend. */
  piece(bytes: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    let last = this.#last;
    let copied = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      const before = last;
      last = byte;
      if (before !== CR && byte !== LF && (byte !== DOT || before !== LF)) continue;
      const missing = between(before, byte);
      if (missing === undefined) continue;
      parts.push(bytes.subarray(copied, at), missing);
      copied = at;
    }
    this.#last = last;
    return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(copied)]);
  }

  /** The final ".", on a line of its own. */
  end(): string {
    if (this.#last === LF) return '.\r\n';
    return this.#last === CR ? '\n.\r\n' : '\r\n.\r\n';
  }
}

const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;

const ONE_CR = Buffer.from('\r');
const ONE_LF = Buffer.from('\n');
const LF_DOT = Buffer.from('\n.');
const ONE_DOT = Buffer.from('.');

function between(before: number, byte: number): Uint8Array | undefined {
  if (before === CR) return byte === LF ? undefined : byte === DOT ? LF_DOT : ONE_LF;
  if (byte === LF) return ONE_CR;
  return byte === DOT && before === LF ? ONE_DOT : undefined;
}
