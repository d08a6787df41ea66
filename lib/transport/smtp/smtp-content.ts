import type { MailMessage } from '../../mail/mail-message.interface.js';
import { piecesOf } from '../../mime/message-pieces.js';
import { hasAsciiHeader, withAsciiAddresses } from '../../mime/with-ascii-addresses.js';
import type { SignMessage } from './message-signer.js';

/** What is sent. Only in a transaction with SMTPUTF8 may the header hold anything that is not ASCII (RFC 6531). */
export interface SmtpContent {
  /** Whether it cannot do without. */
  readonly utf8: boolean;
  for(utf8: boolean): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
}

/** A message in pieces, signed where there is a signer. @throws MailError for a message that cannot be signed */
export async function smtpContent(message: MailMessage, sign: SignMessage | undefined): Promise<SmtpContent> {
  // What is signed is one piece.
  const pieces = sign ? [await message.raw()] : await piecesOf(message);
  const signedOf = async (given: readonly Uint8Array[]): Promise<readonly Uint8Array[]> =>
    sign ? [await sign(given[0]!)] : given;
  const signed = await signedOf(pieces);
  const [head, ...rest] = pieces as [Uint8Array, ...Uint8Array[]];
  const ascii = withAsciiAddresses(head);
  return {
    // It came in with a header of more than our own addresses.
    utf8: !hasAsciiHeader(ascii),
    for: (utf8) => (utf8 || ascii === head ? signed : signedOf([ascii, ...rest])),
  };
}
