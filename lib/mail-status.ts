import { type MailFacts, outcomeEvent, queuedEvents } from './delivery/outcome-events.js';
import {
  aboutOf,
  type AttemptRecord,
  type MailRecord,
  type PassedOver,
  type RecipientOutcome,
  type RecipientState,
  type StoredError,
} from './delivery/outcome-store.interface.js';
import { suppressedOutcome } from './delivery/suppressed-outcome.js';
import type { ErrorScope } from './errors/mail.error.js';
import { inOrder } from './events/event-codec.js';
import type { MailEvent } from './events/mail-event.interface.js';
import type { MailStream } from './mail/mail-message.interface.js';
import type { MailBody } from './mail/mail-snapshot.interface.js';
import { decodeValue } from './mail/snapshot-value.js';
import type { FoundMail } from './queue/mail-queue.interface.js';

export interface RecipientStatus {
  address: string;
  state: RecipientState;
  error?: { message: string; replyCode?: number; enhancedCode?: string; reason?: string };
}

/** What `send()` resolves to. */
export interface SendResult {
  /** The relay's own id of the mail, for `status`, `wait`, `cancel` and `retry`. */
  id: string;
  messageId: string;
  /** The mail was queued before, under the same `idempotencyKey`; `id` and `messageId` are the first mail's. */
  duplicate: boolean;
  recipients: RecipientStatus[];
}

/** One attempt, with the server's words. */
export interface Attempt {
  transport: string;
  at: Date;
  /** `sent`, `deferred`, `bounced: 550 5.1.1 No such user`, `250 2.0.0 Ok: queued as 4Fz1`. */
  outcome: string;
  /** Why nobody got the mail by it, the first recipient's where they differ. */
  error?: { message: string; scope: ErrorScope; ambiguous: boolean; replyCode?: number };
  /** The transports before it in the route, and why it was not one of them: what they answered, or that they are down. */
  passed?: readonly PassedOver[];
}

/** The whole story of a mail. */
export interface MailStatus extends SendResult {
  /** Name of the mail class. */
  mail?: string;
  stream?: MailStream;
  tenant?: string;
  attempts: Attempt[];
  /** In the order of time. */
  events: MailEvent[];
  /** How many opens and clicks there were that were not kept. */
  moreEvents?: number;
}

/** States that the queue has no more to do with. */
export const ENDED: ReadonlySet<RecipientState> = new Set([
  'sent',
  'delivered',
  'bounced',
  'complained',
  'suppressed',
  'cancelled',
  'failed',
]);

/** Puts together what the queue and the store know of a mail; `null` when that is nothing. */
export function mailStatus(
  id: string,
  found: FoundMail | null,
  record: MailRecord | null,
  feedback: readonly MailEvent[] = [],
): MailStatus | null {
  if (!found && !record?.recipients.length && !record?.messageId) return null;
  const about = record?.about ?? (found && aboutOf(found.snapshot, decodeValue(found.snapshot.body) as MailBody));
  const outcomes = new Map(record?.recipients.map((outcome) => [outcome.address, outcome]));
  // In the mail's order; those of whom nothing is known yet are queued.
  const order = new Set([...(about?.to ?? []), ...outcomes.keys()]);
  const recipients = [...order].map((address) =>
    recipientStatus(outcomes.get(address) ?? waiting(address, found, about!.acceptedAt), found, record),
  );
  const mail = found?.snapshot.mail ?? record?.mail;
  const messageId = found?.snapshot.messageId ?? record?.messageId ?? '';
  const facts = { id, messageId, ...(mail !== undefined && { mail }), ...(about && { about }) };
  return {
    id,
    messageId,
    duplicate: false,
    recipients,
    ...(mail !== undefined && { mail }),
    ...(about && { stream: about.stream, ...(about.tenant !== undefined && { tenant: about.tenant }) }),
    attempts: (record?.attempts ?? []).map(attemptStatus),
    events: history(facts, record, feedback),
  };
}

/** Of whom no worker has written anything yet. */
function waiting(address: string, found: FoundMail | null, at: number): RecipientOutcome {
  const held = found?.snapshot.suppressed?.find((one) => one.address === address);
  return held ? suppressedOutcome(address, held.reason, at) : { address, state: 'queued', at };
}

/** What is said of a recipient's error in public. */
export function publicError({
  message,
  replyCode,
  enhancedCode,
  reason,
}: StoredError): NonNullable<RecipientStatus['error']> {
  return {
    message,
    ...(replyCode !== undefined && { replyCode }),
    ...(enhancedCode !== undefined && { enhancedCode }),
    ...(reason !== undefined && { reason }),
  };
}

function recipientStatus(
  { address, state, error }: RecipientOutcome,
  found: FoundMail | null,
  record: MailRecord | null,
): RecipientStatus {
  const now = ENDED.has(state) ? state : openState(state, found, record);
  return { address, state: now, ...(error && { error: publicError(error) }) };
}

function openState(state: RecipientState, found: FoundMail | null, record: MailRecord | null): RecipientState {
  if (record?.sendingSince !== undefined && found?.state === 'active') return 'sending';
  if (state === 'deferred') return 'deferred';
  // A mail that waits for a free place is delayed too, but it was not to wait.
  const later = found && found.snapshot.notBefore > found.snapshot.acceptedAt;
  return later && found.state === 'scheduled' && !record?.attempts.length ? 'scheduled' : 'queued';
}

function attemptStatus({ transport, at, outcome, error, passed }: AttemptRecord): Attempt {
  const { message, scope = 'transport', ambiguous = false, replyCode } = error ?? { message: '' };
  return {
    transport,
    at: new Date(at),
    outcome,
    ...(error && { error: { message, scope, ambiguous, ...(replyCode !== undefined && { replyCode }) } }),
    ...(passed && { passed }),
  };
}

/** The relay's own events out of the stored outcomes, and what came back, in the order of time. */
function history(facts: MailFacts, record: MailRecord | null, feedback: readonly MailEvent[]): MailEvent[] {
  const { about } = facts;
  const events: MailEvent[] = about ? queuedEvents({ ...facts, about }) : [];
  const told = new Set<string>();
  const tell = (outcome: RecipientOutcome, transport?: string) => {
    const event = outcomeEvent(facts, outcome, transport);
    if (!event || told.has(event.id)) return;
    told.add(event.id);
    events.push(event);
  };
  for (const { recipients, transport } of record?.attempts ?? []) for (const one of recipients) tell(one, transport);
  // Those that no attempt tells of: cancelled, suppressed, given up. What feedback has set, feedback tells.
  const back = new Set(feedback.map(({ type, recipient }) => `${type} ${recipient}`));
  for (const outcome of record?.recipients ?? []) if (!back.has(`${outcome.state} ${outcome.address}`)) tell(outcome);
  return inOrder([...events, ...feedback]);
}
