import { MailMessageError } from '../errors/mail-message.error.js';
import type { MimeAttachment } from './mime-input.interface.js';

/**
 * The bytes of an attachment: those at hand, else what its stream gives.
 *
 * @param field names the attachment in the error
 * @throws MailMessageError when the stream fails
 */
export async function attachmentBytes(attachment: MimeAttachment, field: string): Promise<Uint8Array> {
  if (attachment.bytes) return attachment.bytes;
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of attachment.content())
      chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array));
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  } catch (cause) {
    throw new MailMessageError(field, `could not be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** Those of all attachments of a message, one after the other. */
export async function allAttachmentBytes(attachments: readonly MimeAttachment[]): Promise<Uint8Array[]> {
  const contents: Uint8Array[] = [];
  for (const [index, attachment] of attachments.entries())
    contents.push(await attachmentBytes(attachment, `attachments[${index}]`));
  return contents;
}
