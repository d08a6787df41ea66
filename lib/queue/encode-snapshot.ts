import { checkContentLimit } from '../compose/message-limits.js';
import type { BufferedAttachment } from '../mail/mail-attachment.js';
import type { MailBody, MailSnapshot, SnapshotAttachment } from '../mail/mail-snapshot.interface.js';
import { encodeValue } from '../mail/snapshot-value.js';
import type { NewMail } from './mail-queue.interface.js';

/** How long an idempotency key is held beyond the time in which its mail may still be sent, in milliseconds. */
const HOLD = 24 * 3_600_000;

/** A composed mail as the queue takes it. @throws MailMessageError for one that is too large */
export function encodeSnapshot(
  head: Omit<MailSnapshot, 'body' | 'attachments'>,
  body: MailBody,
  attachments: readonly BufferedAttachment[],
  now: number,
): NewMail {
  const stored = attachments.map(({ filename, contentType, cid, bytes }) => ({
    ...(filename !== undefined && { filename }),
    contentType,
    ...(cid !== undefined && { cid }),
    content: '',
    bytes,
  }));
  const encoded = encodeValue(body);
  checkContentLimit(encoded.length);
  const { notBefore, retry, deduplication } = head;
  return {
    snapshot: { ...head, body: encoded, attachments: stored },
    delay: Math.max(0, notBefore - now),
    ...(deduplication !== undefined && {
      deduplication: { id: deduplication, ttl: notBefore - now + retry.maxAge + HOLD },
    }),
  };
}

/** An attachment as it is stored, with its content in it. */
export function storedAttachment({ bytes, ...attachment }: SnapshotAttachment): SnapshotAttachment {
  return bytes ? { ...attachment, content: base64(bytes) } : attachment;
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
