import type { RecipientOutcome, RecipientState } from '../delivery/outcome-store.interface.js';
import { isByMachine } from '../events/machines.js';
import type { MailEvent, MailEventType, Verdict } from '../events/mail-event.interface.js';

/** What an event from outside makes of its recipient; the store's ranks keep what comes late from undoing what is known. */
export function feedbackOutcome(event: MailEvent): RecipientOutcome | undefined {
  const state = STATES[event.type];
  // A scanner looks at what may yet be refused.
  if (!state || isByMachine(event)) return undefined;
  const at = event.timestamp.getTime();
  const outcome: RecipientOutcome = { address: event.recipient, state, at };
  return state === 'bounced' ? { ...outcome, error: verdictError(event as Partial<Verdict>) } : outcome;
}

/** Whoever opens a mail has it. A provider that rejects what it took has not delivered it, and never will. */
const STATES: Readonly<Partial<Record<MailEventType, RecipientState>>> = {
  delivered: 'delivered',
  opened: 'delivered',
  clicked: 'delivered',
  unsubscribed: 'delivered',
  'auto-replied': 'delivered',
  bounced: 'bounced',
  rejected: 'bounced',
  failed: 'bounced',
  complained: 'complained',
};

function verdictError(event: Partial<Verdict>): NonNullable<RecipientOutcome['error']> {
  const { description, reason, replyCode, enhancedCode, suppress } = event;
  return {
    message: description ?? reason ?? 'The provider reports a bounce',
    scope: 'recipient',
    ...(reason !== undefined && { reason }),
    ...(replyCode !== undefined && { replyCode }),
    ...(enhancedCode !== undefined && { enhancedCode }),
    ...(suppress !== undefined && { suppress }),
  };
}
