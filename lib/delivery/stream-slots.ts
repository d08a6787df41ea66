/** How long a mail is expected to hold its place when nothing is known yet, in milliseconds. */
const FIRST_GUESS = 100;

/** How long a mail is put aside at most while its stream is full, in milliseconds. */
const LONGEST_TURN = 30_000;

/**
 * The places that this worker has for each stream, so that none holds up the others. A stream that is not named shares the common
 * places. Whoever finds no place is told when to come again, each a little later than the one before.
 */
export class StreamSlots {
  readonly #streams = new Map<string, Slots>();
  readonly #common: Slots;

  constructor(concurrency: number, streams: Readonly<Record<string, number>>) {
    this.#common = new Slots(concurrency);
    for (const [stream, places] of Object.entries(streams)) this.#streams.set(stream, new Slots(places));
  }

  /** Jobs that a worker takes at once, so that each stream can fill its places. */
  get total(): number {
    return [...this.#streams.values()].reduce((sum, { places }) => sum + places, this.#common.places);
  }

  /** Runs `work` in a place of the stream, or says in how many milliseconds to come again. */
  async run<T>(stream: string, work: () => Promise<T>): Promise<T | { wait: number }> {
    const slots = this.#streams.get(stream) ?? this.#common;
    if (!slots.enter()) return { wait: slots.turn() };
    const began = performance.now();
    try {
      return await work();
    } finally {
      slots.leave(performance.now() - began);
    }
  }
}

class Slots {
  #taken = 0;
  /** Milliseconds that a mail holds its place, as a moving average. */
  #stay = FIRST_GUESS;
  /** When the last of those put aside comes again, on the monotonic clock. */
  #lastTurn = 0;

  constructor(readonly places: number) {}

  enter(): boolean {
    if (this.#taken >= this.places) return false;
    this.#taken++;
    return true;
  }

  leave(stay: number): void {
    this.#taken--;
    this.#stay += (stay - this.#stay) / 16;
  }

  turn(): number {
    const now = performance.now();
    this.#lastTurn = Math.max(now, this.#lastTurn) + this.#stay / this.places;
    return Math.min(LONGEST_TURN, this.#lastTurn - now);
  }
}
