import { MailError, type MailErrorDetails } from '../../errors/mail.error.js';

/** What went wrong between us and a provider's HTTP API. The provider's own words are in the message, shortened to 500 characters. */
export class HttpError extends MailError {
  /** The status code, where there was an answer; RFC 9110 section 15. */
  readonly status?: number;

  constructor(message: string, details: MailErrorDetails & { status?: number } = {}) {
    super(message, details);
    if (details.status !== undefined) this.status = details.status;
  }
}
