import { buffer } from 'node:stream/consumers';
import type { MailMessage } from '../../lib/index.js';

/** What the first attachment of a message holds. */
export async function attachmentBytes({ attachments }: MailMessage): Promise<Buffer> {
  return buffer(attachments[0]!.content());
}
