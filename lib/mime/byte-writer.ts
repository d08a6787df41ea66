/**
 * Bytes one after the other. Small messages are written into slabs that they share, as Node's own buffers are; a large one gets memory of
 * its own.
 */
export class ByteWriter {
  #slab = Buffer.allocUnsafeSlow(SLAB);
  #start = 0;
  #end = 0;

  /** Makes room for so many bytes more. */
  reserve(count: number): void {
    if (this.#end + count <= this.#slab.length) return;
    const written = this.#end - this.#start;
    const larger = Buffer.allocUnsafeSlow(Math.max(SLAB, written + count + (written >> 1)));
    this.#slab.copy(larger, 0, this.#start, this.#end);
    this.#slab = larger;
    this.#start = 0;
    this.#end = written;
  }

  /** UTF-8, which for nearly all that is written is ASCII. */
  text(text: string): void {
    this.reserve(text.length * 3);
    this.#end += this.#slab.write(text, this.#end, 'utf8');
  }

  /**
   * Lets an encoder write for itself.
   *
   * @param room how many bytes it may use, as working space too
   * @param encode gets the buffer and where to start in it, gives back where it ended
   */
  encode(room: number, encode: (buffer: Buffer, start: number) => number): void {
    this.reserve(room);
    this.#end = encode(this.#slab, this.#end);
  }

  /** The last byte written since the last {@link take}. */
  get last(): number | undefined {
    return this.#end > this.#start ? this.#slab[this.#end - 1] : undefined;
  }

  /** What was written since the last time. */
  take(): Uint8Array {
    const taken = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    if (this.#slab.length === SLAB) return taken;
    // Memory of its own; but not with working space that is larger than the message.
    const wasteful = taken.length * 2 < this.#slab.length;
    this.#renew();
    return wasteful ? Buffer.from(taken) : taken;
  }

  /** Forgets what was written since the last time. */
  discard(): void {
    this.#end = this.#start;
    if (this.#slab.length > SLAB) this.#renew();
  }

  #renew(): void {
    this.#slab = Buffer.allocUnsafeSlow(SLAB);
    this.#start = this.#end = 0;
  }
}

const SLAB = 128 * 1024;
