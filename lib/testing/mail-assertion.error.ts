/** A mail that was expected is not there, or one that was not expected is. Test runners show it as a failed assertion. */
export class MailAssertionError extends Error {
  readonly code = 'ERR_ASSERTION';

  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}
