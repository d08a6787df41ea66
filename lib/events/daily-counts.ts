import type { Count, CountKey, CountStore } from './count-store.interface.js';
import { latencyStepOf } from './latency-steps.js';

/** What is counted of a mail. */
export interface CountedMail {
  provider: string;
  stream: string;
  tags: readonly string[];
}

/**
 * Counts by day, provider, stream and tag, gathered here and written a second later: what a process counted in its last second is lost
 * with it. A backend that is away gets them when it is back.
 */
export class DailyCounts {
  readonly #store: CountStore;
  readonly #flushed: () => void;
  #gathered = new Map<string, Count>();
  #tags = new Set<string>();
  #timer?: NodeJS.Timeout;
  #writing?: Promise<void>;

  /** @param flushed after counters were written */
  constructor(store: CountStore, flushed: () => void = () => {}) {
    this.#store = store;
    this.#flushed = flushed;
  }

  /** @param at milliseconds since the epoch */
  count(type: CountKey['type'], { provider, stream, tags }: CountedMail, at: number): void {
    const day = dayOf(at);
    for (const tag of ['', ...this.#counted(tags)]) {
      const key = JSON.stringify([day, provider, stream, tag, type]);
      const one = this.#gathered.get(key);
      if (one) one.count++;
      else if (this.#gathered.size < MOST_COUNTERS)
        this.#gathered.set(key, { day, provider, stream, tag, type, count: 1 });
    }
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH).unref();
  }

  /** @param took milliseconds from `send()` to the provider's answer @param at milliseconds since the epoch */
  took(took: number, { provider, stream }: Omit<CountedMail, 'tags'>, at: number): void {
    this.count(`latency:${latencyStepOf(took)}`, { provider, stream, tags: [] }, at);
  }

  /** Writes what is gathered. Never throws. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    if (this.#gathered.size === 0) return;
    const counts = [...this.#gathered.values()];
    this.#gathered = new Map();
    this.#tags.clear();
    this.#writing = this.#store.add(counts).then(this.#flushed, () => this.#putBack(counts));
    await this.#writing;
  }

  #putBack(counts: readonly Count[]): void {
    for (const one of counts) {
      const key = JSON.stringify([one.day, one.provider, one.stream, one.tag, one.type]);
      const since = this.#gathered.get(key);
      if (since) since.count += one.count;
      else if (this.#gathered.size < MOST_COUNTERS) this.#gathered.set(key, one);
    }
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH).unref();
  }

  /** Somebody may put an order's number in a tag: counters are not for that. */
  #counted(tags: readonly string[]): string[] {
    return tags.filter((tag) => {
      if (tag === '' || tag.length > LONGEST_TAG) return false;
      if (this.#tags.size < MOST_TAGS) this.#tags.add(tag);
      return this.#tags.has(tag);
    });
  }
}

/** The day of a moment, in UTC. @param at milliseconds since the epoch */
export function dayOf(at: number): string {
  const number = Math.floor(at / 86_400_000);
  if (number !== lastDay.number) lastDay = { number, day: new Date(at).toISOString().slice(0, 10) };
  return lastDay.day;
}

/** It is asked for with each mail. */
let lastDay = { number: Number.NaN, day: '' };

/** In milliseconds. */
const FLUSH = 1_000;
/** At once in memory. */
const MOST_COUNTERS = 10_000;
/** Different ones between two writes; further ones are counted without their tag. */
const MOST_TAGS = 200;
const LONGEST_TAG = 128;
