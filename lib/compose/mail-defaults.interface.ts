import type { ReturnPath } from '../mail/return-path.js';
import type { MailAddress } from '../mail/mail-message.interface.js';

/** The configuration's part of every mail, checked at start. */
export interface MailDefaults {
  from?: MailAddress;
  replyTo: readonly MailAddress[];
  headers: Readonly<Record<string, string>>;
  /** Milliseconds. */
  retry: { maxAge: number; delay: number; maxDelay: number };
  /** The locale of a mail that names none. */
  locale: () => string | undefined;
  /** Where a mail's envelope names the mail. */
  returnPath?: ReturnPath;
}
