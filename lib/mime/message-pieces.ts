import type { MailMessage } from '../mail/mail-message.interface.js';

/** A `raw()` that can give its bytes in pieces as well. */
export interface RawInPieces {
  (this: MailMessage): Promise<Uint8Array>;
  readonly pieces: (this: MailMessage) => Promise<readonly Uint8Array[]>;
}

/** What `raw()` gives, in pieces: so that a large attachment of many mails is in memory once. In one piece, where somebody made his own `raw()`. */
export async function piecesOf(message: MailMessage): Promise<readonly Uint8Array[]> {
  const { pieces } = message.raw as Partial<RawInPieces>;
  return pieces ? pieces.call(message) : [await message.raw()];
}
