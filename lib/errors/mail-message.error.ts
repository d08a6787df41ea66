import { MailError, type MailErrorDetails } from './mail.error.js';

/** The mail cannot be sent as it was given: a bad address, a header with a line break, an attachment that is not there. */
export class MailMessageError extends MailError {
  /** Where, as the caller wrote it: `to[1]`, `headers.X-Tag`, `context.user.avatar`. */
  readonly field: string;

  constructor(field: string, message: string, details: MailErrorDetails = {}) {
    super(`${field}: ${message}`, { permanent: true, scope: 'message', ...details });
    this.field = field;
  }
}
