import type { RecipientResult, TransportResult } from '../mail-transport.js';
import type { SmtpAnswer } from './smtp-conversation.interface.js';
import type { SmtpError } from './smtp.error.js';

/**
 * What an answer comes to for each recipient, in the order they were given.
 *
 * @throws SmtpError when nobody was taken for a reason that is not theirs: the server wants a login, or is about to close
 */
export function transportResult(
  to: readonly string[],
  answer: SmtpAnswer,
  screenedOut: ReadonlyMap<string, SmtpError>,
): TransportResult {
  const { response, serverMessageId, refused = NOBODY } = answer;
  if (response === undefined) throwOurFault(refused);
  const result: TransportResult = {
    ...(response !== undefined && { response }),
    ...(serverMessageId !== undefined && { providerMessageId: serverMessageId }),
  };
  if (refused.size + screenedOut.size > 0) {
    result.recipients = to.map((address) => recipientResult(address, screenedOut.get(address) ?? refused.get(address)));
  }
  return result;
}

const NOBODY: ReadonlyMap<string, SmtpError> = new Map();

function recipientResult(address: string, error: SmtpError | undefined): RecipientResult {
  if (!error) return { address, state: 'sent' };
  return { address, state: error.permanent ? 'bounced' : 'deferred', error };
}

function throwOurFault(refused: ReadonlyMap<string, SmtpError>): void {
  for (const error of refused.values()) if (error.scope === 'transport') throw error;
}
