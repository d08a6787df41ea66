import { inspect } from 'node:util';

/** Where Acme is and how to log in: what Nest injects into a transport that is given as a class. */
export class AcmeSettings {
  readonly #token: string;

  constructor(
    readonly url: string,
    token: string,
    /** Milliseconds. */
    readonly timeout = 5_000,
  ) {
    this.#token = token;
  }

  get token(): string {
    return this.#token;
  }

  /** Loggers print objects; a token is nobody's business. */
  [inspect.custom](): string {
    return `AcmeSettings ${this.url}`;
  }
}
