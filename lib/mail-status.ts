import type {
  AttemptRecord,
  MailRecord,
  PassedOver,
  RecipientOutcome,
  RecipientState,
  StoredError,
} from './delivery/outcome-store.interface.js';
import type { ErrorScope } from './errors/mail.error.js';
import type { MailEvent, MailEventBase } from './events/mail-event.interface.js';
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
  outcome: string;
  error?: { message: string; scope: ErrorScope; ambiguous: boolean; replyCode?: number };
  /** The transports before it in the route, and why it was not one of them: what they answered, or that they are down. */
  passed?: readonly PassedOver[];
}

/** The whole story of a mail. */
export interface MailStatus extends SendResult {
  /** Name of the mail class. */
  mail?: string;
  attempts: Attempt[];
  /** In the order of time. */
  events: MailEvent[];
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
export function mailStatus(id: string, found: FoundMail | null, record: MailRecord | null): MailStatus | null {
  if (!found && !record?.recipients.length && !record?.messageId) return null;
  const outcomes = new Map(record?.recipients.map((outcome) => [outcome.address, outcome]));
  for (const address of found?.snapshot.envelope.to ?? []) {
    if (!outcomes.has(address)) outcomes.set(address, { address, state: 'queued', at: found!.snapshot.acceptedAt });
  }
  const recipients = [...outcomes.values()].map((outcome) => recipientStatus(outcome, found, record));
  const mail = found?.snapshot.mail ?? record?.mail;
  return {
    id,
    messageId: found?.snapshot.messageId ?? record?.messageId ?? '',
    duplicate: false,
    recipients,
    ...(mail !== undefined && { mail }),
    attempts: (record?.attempts ?? []).map(attemptStatus),
    events: history(id, found, record),
  };
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

/** Events out of the stored outcomes: each attempt says what it came to for each recipient. */
function history(mailId: string, found: FoundMail | null, record: MailRecord | null): MailEvent[] {
  const mail = found?.snapshot.mail ?? record?.mail;
  const messageId = found?.snapshot.messageId ?? record?.messageId;
  const body = found && (decodeValue(found.snapshot.body) as MailBody);
  const base = (recipient: string, at: number, key: string, transport?: string): MailEventBase => ({
    id: `${mailId}:${key}:${recipient}`,
    recipient,
    timestamp: new Date(at),
    provider: 'relay',
    ...(transport && { transport }),
    mailId,
    ...(messageId !== undefined && { messageId }),
    ...(mail !== undefined && { mail }),
    tags: body?.tags ?? [],
    metadata: body?.metadata ?? {},
    ...(found && {
      stream: found.snapshot.stream,
      ...(found.snapshot.tenant !== undefined && { tenant: found.snapshot.tenant }),
    }),
  });
  const events: MailEvent[] = [];
  for (const address of found?.snapshot.envelope.to ?? [])
    events.push({ ...base(address, found!.snapshot.acceptedAt, 'queued'), type: 'queued' });
  for (const [index, attempt] of (record?.attempts ?? []).entries()) {
    for (const outcome of attempt.recipients) {
      const event = eventOf(outcome, base(outcome.address, outcome.at, `attempt-${index + 1}`, attempt.transport));
      if (event) events.push(event);
    }
  }
  const attempted = new Set(
    record?.attempts.flatMap(({ recipients }) => recipients.map(({ address, state }) => `${state} ${address}`)),
  );
  for (const outcome of record?.recipients ?? []) {
    if (attempted.has(`${outcome.state} ${outcome.address}`)) continue;
    const event = eventOf(outcome, base(outcome.address, outcome.at, outcome.state));
    if (event) events.push(event);
  }
  return events.sort((a, b) => a.timestamp.getTime() - b.timestamp.getTime());
}

function eventOf({ state, error, providerMessageId }: RecipientOutcome, base: MailEventBase): MailEvent | undefined {
  const reason = error?.reason ?? 'other';
  const codes = error && {
    description: error.message,
    ...(error.replyCode && { replyCode: error.replyCode }),
    ...(error.enhancedCode && { enhancedCode: error.enhancedCode }),
  };
  switch (state) {
    case 'sent':
      return { ...base, type: 'sent', ...(providerMessageId !== undefined && { providerMessageId }) };
    case 'deferred':
      return { ...base, type: 'deferred', permanent: false, reason, ...codes };
    case 'bounced':
      return { ...base, type: 'bounced', permanent: true, suppress: false, reason, ...codes };
    case 'failed':
      return { ...base, type: 'failed', reason };
    case 'cancelled':
      return { ...base, type: 'cancelled' };
    case 'suppressed':
      return { ...base, type: 'suppressed', reason };
    default:
      return undefined;
  }
}
