/**
 * Bytes one after the other. Small messages are written into slabs that they share, as Node's own buffers are; a large one gets memory of
 * its own.
 */
export class ByteWriter {
  #slab = Buffer.allocUnsafeSlow(SLAB);
  #start = 0;
  #end = 0;
  #pieces: Uint8Array[] = [];

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

  /** Bytes as they are: copied, or a piece of their own where they are many. */
  bytes(bytes: Uint8Array): void {
    if (bytes.length < PIECE) {
      this.reserve(bytes.length);
      this.#slab.set(bytes, this.#end);
      this.#end += bytes.length;
      return;
    }
    if (this.#end > this.#start) this.#pieces.push(this.#take());
    this.#pieces.push(bytes);
  }

  /** The last byte written that is no piece of its own. */
  get last(): number | undefined {
    return this.#end > this.#start ? this.#slab[this.#end - 1] : undefined;
  }

  /** What was written since the last time, in pieces; one at least. */
  take(): readonly Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    if (this.#end > this.#start || pieces.length === 0) pieces.push(this.#take());
    return pieces;
  }

  #take(): Uint8Array {
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
    this.#pieces = [];
    this.#end = this.#start;
    if (this.#slab.length > SLAB) this.#renew();
  }

  #renew(): void {
    this.#slab = Buffer.allocUnsafeSlow(SLAB);
    this.#start = this.#end = 0;
  }
}

const SLAB = 128 * 1024;

/** What is larger is not copied. */
const PIECE = 16 * 1024;
