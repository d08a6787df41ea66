/** A map that forgets its oldest entry when it is full: for keys that come from outside, such as locales. */
export class BoundedCache<V> {
  readonly #entries = new Map<string, V>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The value kept under a key, made now if there is none. */
  get(key: string, make: () => V): V {
    const kept = this.#entries.get(key);
    if (kept !== undefined || this.#entries.has(key)) return kept as V;
    const made = make();
    if (this.#entries.size >= this.#limit) this.#entries.delete(this.#entries.keys().next().value!);
    this.#entries.set(key, made);
    return made;
  }
}
