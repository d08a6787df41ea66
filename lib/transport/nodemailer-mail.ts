import type { SendMailOptions } from 'nodemailer/lib/mailer';
import type { MailAddress, MailMessage } from '../mail/mail-message.interface.js';
import { allAttachmentBytes } from '../mime/attachment-bytes.js';
import { attemptRecipients } from './attempt-recipients.js';

/**
 * A message as nodemailer's plugins expect it: its own bytes as `raw`, for those that send MIME, and its fields, for those that call an
 * API. The fields name the recipients of this attempt only.
 */
export async function nodemailerMail(message: MailMessage): Promise<SendMailOptions & { raw: Buffer }> {
  const { from, replyTo, subject, messageId, date, headers, text, html, attachments, envelope } = message;
  const raw = await message.raw();
  const contents = await allAttachmentBytes(attachments);
  const { to, cc, bcc } = attemptRecipients(message);
  return {
    // A view of its own: messages for other recipients share the bytes.
    raw: Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength),
    envelope: { from: envelope.from, to: [...envelope.to] },
    from: named(from),
    to: to.map(named),
    cc: cc.map(named),
    bcc: bcc.map(named),
    replyTo: replyTo.map(named),
    subject,
    messageId,
    date,
    headers: { ...headers },
    ...(text !== undefined && { text }),
    ...(html !== undefined && { html }),
    attachments: attachments.map(({ filename, contentType, cid }, index) => ({
      ...(filename !== undefined && { filename }),
      contentType,
      ...(cid !== undefined && { cid }),
      contentDisposition: cid === undefined ? ('attachment' as const) : ('inline' as const),
      content: Buffer.from(contents[index]!),
    })),
    disableFileAccess: true,
    disableUrlAccess: true,
    maxRecipients: 0,
  };
}

function named({ name = '', address }: MailAddress): { name: string; address: string } {
  return { name, address };
}
