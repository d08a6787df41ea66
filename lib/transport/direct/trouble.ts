import type { MailError } from '../../errors/mail.error.js';

/**
 * That a server cannot be reached: for a while, longer each time, nobody has to find out for himself, and a domain that is down does not
 * hold up the mails of others.
 */
export class Trouble {
  #failures = 0;
  #until = -Infinity;
  error?: MailError;

  /** For how long it need not be tried, in milliseconds; 0 when it may be. */
  get left(): number {
    return Math.max(0, Math.ceil(this.#until - performance.now()));
  }

  met(error: MailError): void {
    this.error = error;
    // Those who were on their way already say nothing new.
    if (this.left > 0) return;
    this.#until = performance.now() + Math.min(LONGEST, FIRST * 2 ** this.#failures++);
  }

  over(): void {
    this.#failures = 0;
    this.#until = -Infinity;
    delete this.error;
  }
}

/** Milliseconds. */
const FIRST = 1_000;
const LONGEST = 300_000;
