/** A request that the console does not answer. */
export class ConsoleRejectedError extends Error {
  readonly status: number;
  /** What of the request is wrong. */
  readonly field?: string;

  constructor(status: number, message: string, field?: string) {
    super(message);
    this.name = new.target.name;
    this.status = status;
    if (field !== undefined) this.field = field;
  }
}
