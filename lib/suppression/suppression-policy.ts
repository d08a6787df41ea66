import type { MailEvent } from '../events/mail-event.interface.js';

/** What events do to the suppression list. */
export interface SuppressionPolicy {
  /** Idempotent. @throws QueueUnavailableError when the list cannot be written to */
  apply(events: readonly MailEvent[]): Promise<void>;
}
