/** Puts a server's answers together, of one line or several, however the network has cut them up: RFC 5321 section 4.2.1. */
export class ReplyReader {
  readonly #onReply: (answer: string) => void;
  /** A line that has no end yet, a character a byte. */
  #rest = '';
  /** The lines so far of an answer that goes on. */
  #lines = '';

  /** @param onReply is given each answer with its line ends */
  constructor(onReply: (answer: string) => void) {
    this.#onReply = onReply;
  }

  /** Characters of an answer that is not complete. */
  get pending(): number {
    return this.#lines.length + this.#rest.length;
  }

  push(chunk: Buffer): void {
    const text = this.#rest + chunk.toString('latin1');
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      const line = text.slice(start, end + 1);
      start = end + 1;
      this.#lines += line;
      if (GOES_ON.test(line)) continue;
      // All lines have the same code, or nobody knows which is meant.
      const answer = this.#lines.startsWith(line.slice(0, 3)) ? this.#lines : `mixed codes: ${this.#lines}`;
      this.#lines = '';
      this.#onReply(BEYOND_ASCII.test(answer) ? Buffer.from(answer, 'latin1').toString() : answer);
    }
    this.#rest = text.slice(start);
  }
}

const GOES_ON = /^\d{3}-/;
const BEYOND_ASCII = /[\u0080-\u00ff]/;
