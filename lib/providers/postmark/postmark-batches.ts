import type { MailMessage } from '../../mail/mail-message.interface.js';

/** https://postmarkapp.com/developer/api/email-api#send-batch-emails */
const MESSAGES = 500;
const BYTES = 50 * 1024 * 1024;

/** Messages with their JSON, in their order, in as few batches as Postmark takes them. */
export function* batches(bodies: ReadonlyMap<MailMessage, string>): Generator<(readonly [MailMessage, string])[]> {
  let batch: (readonly [MailMessage, string])[] = [];
  // The brackets; each message has a comma or none.
  let bytes = 2;
  for (const entry of bodies) {
    const size = Buffer.byteLength(entry[1]) + 1;
    if (batch.length === MESSAGES || (batch.length > 0 && bytes + size > BYTES)) {
      yield batch;
      batch = [];
      bytes = 2;
    }
    batch.push(entry);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
