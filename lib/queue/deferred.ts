/** A promise with its handle. (`Promise.withResolvers` comes with Node 22.) */
export class Deferred {
  resolve!: () => void;
  readonly promise = new Promise<void>((resolve) => (this.resolve = resolve));
}
