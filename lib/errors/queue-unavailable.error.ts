import { MailError, type MailErrorDetails } from './mail.error.js';

/** The queue's backend could not be reached in time (5 seconds at most), or refused to store (a full Redis). */
export class QueueUnavailableError extends MailError {
  /** `false`: nothing was stored. `'unknown'`: it may have been; the same call with the same `idempotencyKey` is safe. */
  readonly stored: false | 'unknown';

  constructor(stored: false | 'unknown', message: string, details: MailErrorDetails = {}) {
    super(message, { scope: 'transport', code: 'EQUEUE', ...details });
    this.stored = stored;
  }
}
