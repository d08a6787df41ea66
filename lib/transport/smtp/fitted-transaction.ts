import { needsSmtpUtf8 } from '../../mail/address.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import type { SmtpContent } from './smtp-content.js';
import type { SmtpEnvelope } from './smtp-conversation.interface.js';
import { screened } from './smtp-screening.js';
import type { SmtpError } from './smtp.error.js';

/** What is sent of a message to a server. */
export interface FittedTransaction {
  /** To nobody, where all are refused. */
  readonly envelope: SmtpEnvelope;
  readonly pieces: readonly Uint8Array[];
  /** Whom the server could only refuse. */
  readonly refused: ReadonlyMap<string, SmtpError>;
}

/**
 * Makes a message fit what a server offers in EHLO: SMTPUTF8 only where it is needed, what the sender asked to be told only where it is
 * understood (DSN), and nobody who cannot be written to there.
 *
 * @throws SmtpError permanent, when the message is too large or its sender does not fit
 */
export async function fittedTransaction(
  { from: author, notify }: Pick<MailMessage, 'from' | 'notify'>,
  { from, to }: MailMessage['envelope'],
  content: SmtpContent,
  extensions: ReadonlyMap<string, string>,
  endpoint: string,
): Promise<FittedTransaction> {
  const needed = content.utf8 || [author.address, from, ...to].some(needsSmtpUtf8);
  const utf8 = needed && extensions.has('SMTPUTF8');
  const pieces = await content.for(utf8);
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  const fit = screened({ from: author, envelope: { from, to } }, size, extensions, endpoint);
  const envelope = { from, to: fit.to, size, utf8, ...(notify && extensions.has('DSN') && { notify }) };
  return { envelope, pieces, refused: fit.refused };
}
