import { SmtpRefusalError } from './smtp-refusal.error.js';

/** The bytes that all clients together may have under way. */
export class BufferBudget {
  readonly #most: number;
  #used = 0;

  constructor(most: number) {
    this.#most = most;
  }

  take(bytes: number): boolean {
    if (this.#used + bytes > this.#most) return false;
    this.#used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

/**
 * A message that is coming in, without its dots. What is wrong with it is known at the first byte that is; from then on nothing is kept,
 * however much comes.
 */
export class MessageBuffer {
  /** What it is refused for. */
  refusal?: SmtpRefusalError;
  /** Bytes that have come. */
  received = 0;
  readonly #maxSize: number;
  readonly #budget: BufferBudget;
  #bytes = Buffer.alloc(0);
  #length = 0;
  /** Of the line under way. */
  #line = 0;
  #longest = 0;
  #afterCr = false;

  constructor(maxSize: number, budget: BufferBudget) {
    this.#maxSize = maxSize;
    this.#budget = budget;
  }

  write(chunk: Buffer): void {
    this.received += chunk.length;
    if (this.refusal) return;
    if (this.received > this.#maxSize)
      this.#refuse(new SmtpRefusalError(552, '5.3.4', `The message is larger than ${this.#maxSize} bytes`));
    else if (!this.#checkLines(chunk)) this.#refuse(BARE_LINE_END);
    else if (this.#longest > LONGEST_LINE)
      this.#refuse(
        new SmtpRefusalError(550, '5.6.0', `A line is longer than ${LONGEST_LINE} bytes (RFC 5322 section 2.1.1)`),
      );
    else if (!this.#grow(this.#length + chunk.length))
      this.#refuse(new SmtpRefusalError(452, '4.3.1', 'Too many messages are coming in; try again later'));
    else {
      chunk.copy(this.#bytes, this.#length);
      this.#length += chunk.length;
    }
  }

  /** The whole message. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets it, and gives its memory back. */
  release(): void {
    this.#budget.give(this.#bytes.length);
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
  }

  #refuse(refusal: SmtpRefusalError): void {
    this.refusal = refusal;
    this.release();
  }

  /** A client may send a byte at a time: what comes is copied together, not kept in pieces. */
  #grow(needed: number): boolean {
    const now = this.#bytes.length;
    if (needed <= now) return true;
    const next = Math.min(Math.max(needed, now * 2, SMALLEST), Math.max(needed, this.#maxSize));
    if (!this.#budget.take(next - now)) return false;
    const larger = Buffer.allocUnsafeSlow(next);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
    return true;
  }

  /** Whether every line ends with CRLF, and CR and LF stand nowhere else (RFC 5321 section 2.3.8). */
  #checkLines(chunk: Buffer): boolean {
    let afterCr = this.#afterCr;
    let line = this.#line;
    let longest = 0;
    for (const byte of chunk) {
      if (afterCr !== (byte === LF)) return false;
      afterCr = byte === CR;
      if (byte === LF) line = 0;
      else if (++line > longest) longest = line;
    }
    this.#afterCr = afterCr;
    this.#line = line;
    this.#longest = Math.max(this.#longest, longest);
    return true;
  }
}

/**
 * Servers that take other line ends for the end of a message can be made to send what their users may not (SMTP smuggling, CVE-2023-51764
 * to 51766): such a message goes nowhere, and its client no further.
 */
const BARE_LINE_END = new SmtpRefusalError(
  550,
  '5.5.2',
  'A CR or LF stands alone in the message; every line ends with CRLF (RFC 5321 section 2.3.8)',
  { closes: true },
);

/** In bytes. RFC 5321 section 4.5.3.1.6 has 1,000; much that is written is longer. */
const LONGEST_LINE = 64 * 1024;

const SMALLEST = 16 * 1024;
const CR = 13;
const LF = 10;
