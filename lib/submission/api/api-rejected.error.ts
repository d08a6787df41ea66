/** A request that is answered with a problem. */
export class ApiRejectedError extends Error {
  readonly status: number;
  /** One word for programs: `invalid-json`, `rate-limited`. */
  readonly code: string;
  /** Where in the message, as in the errors of `MailService`. */
  readonly field?: string;
  /** What goes with the status: `Allow`, `Retry-After`, `WWW-Authenticate`. */
  readonly headers: Readonly<Record<string, string>>;

  /** @param detail is shown to the client */
  constructor(
    status: number,
    code: string,
    detail: string,
    { field, headers = {} }: { field?: string; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail);
    this.name = new.target.name;
    this.status = status;
    this.code = code;
    if (field !== undefined) this.field = field;
    this.headers = headers;
  }
}
