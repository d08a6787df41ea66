import { Readable } from 'node:stream';
import type { MailAttachment } from './mail-message.interface.js';

/** An attachment whose bytes are at hand: what the relay's own messages carry. */
export interface BufferedAttachment extends MailAttachment {
  readonly bytes: Uint8Array;
  readonly size: number;
}

export function bufferedAttachment(part: {
  filename?: string;
  contentType: string;
  cid?: string;
  bytes: Uint8Array;
}): BufferedAttachment {
  return { ...part, size: part.bytes.byteLength, content: () => Readable.from([part.bytes]) };
}
