/** How often a line of a kind is logged: whoever knocks cannot fill the log. */
export class LogPace {
  readonly #interval: number;
  readonly #last = new Map<string, number>();

  /** @param interval milliseconds between two lines of a kind */
  constructor(interval: number) {
    this.#interval = interval;
  }

  /** Whether a line of this kind is due; it counts as logged then. */
  isDue(kind = ''): boolean {
    const now = performance.now();
    if (now - (this.#last.get(kind) ?? -Infinity) < this.#interval) return false;
    if (this.#last.size > MOST_KINDS) this.#last.clear();
    this.#last.set(kind, now);
    return true;
  }
}

const MOST_KINDS = 1_000;
