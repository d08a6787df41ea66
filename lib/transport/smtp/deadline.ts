/**
 * A time-out that is set anew several times for each message. Its timer is left running and looks at the clock when it fires, since
 * starting and stopping one each time costs more than all the rest of it.
 */
export class Deadline {
  readonly #expire: (timeout: number) => void;
  #timeout = 0;
  #at = Infinity;
  #timer?: NodeJS.Timeout;
  #timerAt = Infinity;

  /** @param expire called with the time-out that has passed */
  constructor(expire: (timeout: number) => void) {
    this.#expire = expire;
  }

  /** Milliseconds from now. */
  set(timeout: number): void {
    this.#timeout = timeout;
    this.#at = performance.now() + timeout;
    if (this.#at < this.#timerAt) this.#wakeAt(this.#at);
  }

  clear(): void {
    this.#at = Infinity;
  }

  /** For good. */
  stop(): void {
    this.clear();
    clearTimeout(this.#timer);
    this.#timerAt = Infinity;
  }

  #wakeAt(at: number): void {
    clearTimeout(this.#timer);
    this.#timerAt = at;
    // The connection keeps the process alive, not this.
    this.#timer = setTimeout(() => this.#wake(), Math.max(Math.ceil(at - performance.now()), 1)).unref();
  }

  #wake(): void {
    this.#timerAt = Infinity;
    if (this.#at === Infinity) return;
    if (performance.now() < this.#at) return this.#wakeAt(this.#at);
    this.clear();
    this.#expire(this.#timeout);
  }
}
