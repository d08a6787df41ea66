import type { MailEvent, MailEventBase } from '../events/mail-event.interface.js';
import type { MailAbout, MailHead, RecipientOutcome } from './outcome-store.interface.js';

/** What all events of a mail say. */
export interface MailFacts {
  id: string;
  messageId: string;
  mail?: string;
  about?: MailAbout;
  head?: MailHead;
  /** In the history. */
  place?: number;
}

/** What the relay itself did, as an event; a state that is none, such as `sending`, gives none. */
export function outcomeEvent(facts: MailFacts, outcome: RecipientOutcome, transport?: string): MailEvent | undefined {
  const { state, error, providerMessageId, notifies } = outcome;
  const base = eventBase(facts, outcome, state, transport);
  const reason = error?.reason ?? 'other';
  const codes = error && {
    description: error.message,
    ...(error.replyCode && { replyCode: error.replyCode }),
    ...(error.enhancedCode && { enhancedCode: error.enhancedCode }),
  };
  switch (state) {
    case 'sent':
      return {
        ...base,
        type: 'sent',
        ...(providerMessageId !== undefined && { providerMessageId }),
        ...(notifies && { notifies }),
      };
    case 'deferred':
      return { ...base, type: 'deferred', permanent: false, reason, ...codes };
    case 'bounced':
      return { ...base, type: 'bounced', permanent: true, suppress: error?.suppress ?? false, reason, ...codes };
    case 'failed':
      return { ...base, type: 'failed', reason };
    case 'cancelled':
      return { ...base, type: 'cancelled' };
    case 'suppressed':
      // Found by send() and by a worker alike: one event all the same.
      return { ...base, id: `${facts.id}:suppressed:${outcome.address}`, type: 'suppressed', reason };
    default:
      return undefined;
  }
}

/** That the relay has taken the mail, for each of its recipients. */
export function queuedEvents(facts: MailFacts & { about: MailAbout }): MailEvent[] {
  const { to, acceptedAt: at } = facts.about;
  return to.map((address) => ({ ...eventBase(facts, { address, at }, 'queued'), type: 'queued' }));
}

/** The id is made of what stays the same when an event is told again after a crash. */
function eventBase(
  { id, messageId, mail, about }: MailFacts,
  { address, at }: Pick<RecipientOutcome, 'address' | 'at'>,
  state: string,
  transport?: string,
): MailEventBase {
  return {
    id: `${id}:${state}:${at}:${address}`,
    recipient: address,
    timestamp: new Date(at),
    provider: 'relay',
    ...(transport && { transport }),
    mailId: id,
    messageId,
    ...(mail !== undefined && { mail }),
    tags: about?.tags ?? [],
    metadata: about?.metadata ?? {},
    ...(about && { stream: about.stream, ...(about.tenant !== undefined && { tenant: about.tenant }) }),
  };
}
