/** The DNS could not be asked, or did not know: it may another time. Nothing is said of whether the name exists. */
export class DnsError extends Error {
  /** `ETIMEOUT`, `ESERVFAIL`, `EREFUSED`, `ECONNREFUSED`, ... */
  readonly code: string;

  constructor(message: string, code: string, cause?: unknown) {
    super(message, { cause });
    this.name = new.target.name;
    this.code = code;
  }
}
