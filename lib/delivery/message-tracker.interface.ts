import type { MailMessage } from '../mail/mail-message.interface.js';
import type { MailSnapshot } from '../mail/mail-snapshot.interface.js';

/** What some recipients get. */
export interface MessageCopy {
  /** Made when it is asked for, each time. */
  readonly message: MailMessage;
  readonly to: readonly string[];
}

/** What of a snapshot says whether its mail is tracked, and who its recipients are. */
export type TrackedSnapshot = Pick<MailSnapshot, 'id' | 'envelope' | 'track'>;

/** Makes a mail whose opens and clicks are tracked one of its own for each recipient, so that they can be told apart. */
export interface MessageTracker {
  /** One copy for all of them where nothing is tracked. */
  copies(message: MailMessage, snapshot: TrackedSnapshot, to: readonly string[]): readonly MessageCopy[];
}
