import type { MailSnapshot } from '../mail/mail-snapshot.interface.js';
import type { SuppressionScope } from '../suppression/suppression-entry.interface.js';
import type { RecipientOutcome } from './outcome-store.interface.js';

/** What becomes of a recipient who is on the suppression list. @param reason the entry's @param at milliseconds since the epoch */
export function suppressedOutcome(address: string, reason: string, at: number): RecipientOutcome {
  const message = `On the suppression list: ${reason}`;
  return { address, state: 'suppressed', at, error: { message, scope: 'recipient', reason } };
}

/** Which entries of the list are for a mail. */
export function scopeOf({ stream, tenant }: Pick<MailSnapshot, 'stream' | 'tenant'>): SuppressionScope {
  return { stream, ...(tenant !== undefined && { tenant }) };
}
