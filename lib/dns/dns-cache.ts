/** What was answered, until it expires; the one used longest ago goes first when there are too many, or too large ones. */
export class DnsCache<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #limit: number;
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    if (entry.expires <= performance.now()) {
      this.#bytes -= entry.bytes;
      return undefined;
    }
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** @param life milliseconds @param bytes what the value holds, roughly */
  set(key: string, value: V, life: number, bytes: number): void {
    this.#delete(key);
    if (life <= 0) return;
    this.#entries.set(key, { value, expires: performance.now() + life, bytes });
    this.#bytes += bytes;
    while (this.#entries.size > this.#limit || this.#bytes > BYTES) this.#delete(this.#entries.keys().next().value!);
  }

  #delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }
}

/** Answers have 64 KiB at most, and most have a hundred bytes. */
const BYTES = 16 * 1024 * 1024;

interface Entry<V> {
  readonly value: V;
  readonly expires: number;
  readonly bytes: number;
}
