import type { MailEvent } from '../events/mail-event.interface.js';
import type { BounceReport } from './bounce/bounce-report.interface.js';

/** What a mailbox, an MTA or a webhook of one's own brings back. */
export abstract class MailFeedback {
  /**
   * A raw bounce, complaint or reply: read, matched to its mail, recorded and acted upon. What cannot be matched changes nothing. The same
   * one twice is as once; then `events` is empty.
   *
   * @throws QueueUnavailableError when the backend cannot be reached: hand it in again
   */
  abstract ingest(raw: Uint8Array | string): Promise<{ report: BounceReport; events: MailEvent[] }>;
}
