import type { ReturnPath } from '../mail/return-path.js';
import type { Tracked } from '../mail/track.js';
import type { MailAddress } from '../mail/mail-message.interface.js';
import type { UnsubscribeLinks } from '../mail/unsubscribe-links.js';

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
  /** Links for those who want no more mails, and the streams whose mails have one. */
  unsubscribe?: { readonly links: UnsubscribeLinks; readonly streams: ReadonlySet<string>; readonly path: string };
  /** What is tracked of mails that do not say. */
  track: Tracked;
  /** Whether anything can be tracked. */
  tracks: boolean;
}
