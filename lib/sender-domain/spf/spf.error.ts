/** Why an SPF record cannot be evaluated (RFC 7208 sections 2.6.6 and 2.6.7). */
export class SpfError extends Error {
  /** `permerror`: the domain's owner must mend it. `temperror`: the DNS may know another time. */
  readonly result: 'permerror' | 'temperror';

  constructor(result: 'permerror' | 'temperror', message: string, cause?: unknown) {
    super(message, { cause });
    this.name = new.target.name;
    this.result = result;
  }
}
