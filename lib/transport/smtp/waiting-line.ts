import { onAbort } from './on-abort.js';

/** Those who wait for something, first come first served. Leaving the line early costs nothing. */
export class WaitingLine<T> {
  #places: (Place<T> | undefined)[] = [];
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Rejects with `abortError()` when the signal is aborted first. */
  wait(signal: AbortSignal, abortError: () => Error): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal.aborted) return reject(abortError());
      const leave = () => {
        place.left = true;
        this.#length--;
        stopListening();
      };
      const place: Place<T> = {
        left: false,
        serve: (value) => (leave(), resolve(value)),
        turnAway: (error) => (leave(), reject(error)),
      };
      const stopListening = onAbort(signal, () => place.turnAway(abortError()));
      this.#places.push(place);
      this.#length++;
    });
  }

  /** Serves the first in line; `false` when nobody waits. */
  serve(value: T): boolean {
    const place = this.#next();
    place?.serve(value);
    return place !== undefined;
  }

  /** Tells all who wait that nothing will come. */
  turnAway(error: Error): void {
    for (let place = this.#next(); place; place = this.#next()) place.turnAway(error);
  }

  #next(): Place<T> | undefined {
    while (this.#head < this.#places.length) {
      const place = this.#places[this.#head]!;
      this.#places[this.#head++] = undefined;
      if (this.#head >= ROOM) this.#moveUp();
      if (!place.left) return place;
    }
    this.#places = [];
    this.#head = 0;
    return undefined;
  }

  /** A line that is never empty must not grow by those who have left it. */
  #moveUp(): void {
    this.#places.splice(0, this.#head);
    this.#head = 0;
  }
}

/** Places that were left are taken away, so many at a time. */
const ROOM = 1_024;

interface Place<T> {
  left: boolean;
  serve(value: T): void;
  turnAway(error: Error): void;
}
