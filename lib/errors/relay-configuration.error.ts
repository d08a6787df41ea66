/** A wrong option, found at start. Its message names the option and says how to mend it; it never holds a secret. */
export class RelayConfigurationError extends Error {
  /** The option, as written: `transports.ses`, `queue.redis`. */
  readonly option: string;

  constructor(option: string, message: string, cause?: unknown) {
    super(`RelayModule: ${option}: ${message}`, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.option = option;
  }
}
