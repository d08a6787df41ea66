import type { MailAttachment, MailMessage } from '../mail/mail-message.interface.js';

/** An attachment; one whose bytes are at hand is not streamed. */
export interface MimeAttachment extends MailAttachment {
  readonly bytes?: Uint8Array;
}

/** What a message is composed of. `bcc` is no part of it: it never shows. */
export interface MimeInput extends Pick<
  MailMessage,
  'from' | 'to' | 'cc' | 'replyTo' | 'subject' | 'messageId' | 'date' | 'html' | 'text' | 'headers'
> {
  readonly attachments: readonly MimeAttachment[];
}
