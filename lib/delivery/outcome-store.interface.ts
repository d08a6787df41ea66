import type { ErrorScope } from '../errors/mail.error.js';
import type { MailHead } from '../mail/mail-head.interface.js';
import type { MailBody, MailSnapshot, SenderNotify } from '../mail/mail-snapshot.interface.js';
import type { MailStream } from '../mail/mail-message.interface.js';

export type { MailHead } from '../mail/mail-head.interface.js';

/**
 * A recipient's way: `scheduled` and `queued` wait, `sending` is under way, `deferred` waits for the next attempt, `sent` was taken by
 * a provider, `delivered` reached the mailbox; `bounced`, `complained`, `suppressed`, `cancelled` and `failed` (dead letter) end it.
 */
export type RecipientState =
  | 'scheduled'
  | 'queued'
  | 'sending'
  | 'deferred'
  | 'sent'
  | 'delivered'
  | 'bounced'
  | 'complained'
  | 'suppressed'
  | 'cancelled'
  | 'failed';

/** What an error says, as it is stored and shown: no stack, no secret, no body. */
export interface StoredError {
  message: string;
  scope?: ErrorScope;
  ambiguous?: boolean;
  replyCode?: number;
  enhancedCode?: string;
  reason?: string;
  /** The address itself is at fault. */
  suppress?: boolean;
}

export interface RecipientOutcome {
  address: string;
  state: RecipientState;
  /** Milliseconds since the epoch. */
  at: number;
  error?: StoredError;
  providerMessageId?: string;
  /** The next server has taken over what the sender asked to be told. */
  notifies?: boolean;
  /** The transport that may have handed the mail over already: no other one gets it. */
  pinned?: string;
}

/** A transport that an attempt was not made with, and why. */
export interface PassedOver {
  transport: string;
  why: string;
}

/** One attempt, and what it came to for each recipient it was for. */
export interface AttemptRecord {
  transport: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** Milliseconds from then to the answer. */
  took?: number;
  /** In a few words: `sent`, `deferred`, `250 2.0.0 Ok: queued as 4Fz1`. */
  outcome: string;
  /** Why nobody got the mail by it, the first recipient's where they differ. */
  error?: StoredError;
  /** Those that came before it in the route. */
  passed?: readonly PassedOver[];
  recipients: RecipientOutcome[];
}

/** What of a mail is remembered beyond its stay in the queue. */
export interface MailAbout {
  /** Milliseconds since the epoch. */
  acceptedAt: number;
  /** All of its recipients, in the mail's order. */
  to: readonly string[];
  stream: MailStream;
  tenant?: string;
  tags?: readonly string[];
  metadata?: Readonly<Record<string, string>>;
  /** Who is told by mail what becomes of it. */
  notify?: SenderNotify;
}

/** Of a mail as it was composed. */
export function aboutOf(
  {
    acceptedAt,
    envelope,
    stream,
    tenant,
    notify,
  }: Pick<MailSnapshot, 'acceptedAt' | 'envelope' | 'stream' | 'tenant' | 'notify'>,
  body: MailBody,
): MailAbout {
  return {
    acceptedAt,
    to: envelope.to,
    stream,
    ...(tenant !== undefined && { tenant }),
    ...(notify && { notify }),
    ...(body.tags.length > 0 && { tags: body.tags }),
    ...(Object.keys(body.metadata).length > 0 && { metadata: body.metadata }),
  };
}

/** What the store knows of a mail; a mail that no worker has touched is not in it. */
export interface MailRecord {
  messageId?: string;
  mail?: string;
  about?: MailAbout;
  head?: MailHead;
  /** Only those with an outcome. */
  recipients: RecipientOutcome[];
  /** The last {@link MOST_ATTEMPTS}. */
  attempts: AttemptRecord[];
  /** Somebody asked that it be cancelled. */
  cancelled: boolean;
  /** When the attempt under way got past the point of no return; gone when its outcome was saved. */
  sendingSince?: number;
  /** The transport of that attempt. */
  sendingBy?: string;
  /** The queue's count of stalls when the last attempt ended: only later ones count against the mail. */
  stallBaseline: number;
  /** The queue's count of stalls at the last {@link OutcomeStore.begin}: tells a crash while sending from one before. */
  sendingStalls?: number;
  /** How often the mail itself was deferred; sets the next wait. */
  deferrals: number;
  /** When it was reopened last: its age counts from then. */
  reopenedAt?: number;
  /** What a Mailable rendered at the first attempt. */
  content?: string;
  /** How many of its recipients have opened it, and clicked in it; none where left out. */
  opened?: number;
  clicked?: number;
}

export interface OutcomeChange {
  messageId: string;
  mail?: string;
  /** Written once. */
  about?: MailAbout;
  /** Written once. */
  head?: MailHead;
  /** Each is written only if its state is not behind the stored one (see {@link STATE_RANK}): a zombie cannot undo the new owner's work. */
  recipients?: readonly RecipientOutcome[];
  /** Appended; ends `sendingSince`. */
  attempt?: AttemptRecord;
  stallBaseline?: number;
  deferrals?: number;
  content?: string;
  /** As of {@link MailRecord}; they only grow. */
  opened?: number;
  clicked?: number;
}

/**
 * Outcomes by mail and recipient, in the queue's own Redis or Postgres. They only move forward.
 * Everything is forgotten some time after the last write: the relay's `retention`, by default {@link RETENTION}.
 */
export interface OutcomeStore {
  load(id: string): Promise<MailRecord | null>;
  /** In the order of the ids, in one round trip. */
  loadMany(ids: readonly string[]): Promise<(MailRecord | null)[]>;
  /**
   * Marks the mail as being sent from now on, unless it was cancelled. Atomic against {@link cancel}.
   * @param stalls the queue's count of stalls of this job
   * @param transport which sends it
   */
  begin(id: string, at: number, stalls: number, transport: string): Promise<'go' | 'cancelled'>;
  /**
   * Atomic and idempotent: the same change twice is as once. A provider's ids in it find the mail from then on: {@link mailOf}.
   *
   * @returns the mail's place in the history, where the store gives it one with its head
   */
  save(id: string, change: OutcomeChange): Promise<number | undefined>;
  /** Sets the flag that {@link begin} reads; says whether an attempt is under way. */
  cancel(id: string): Promise<{ sending: boolean }>;
  /** For a retry by hand: puts these recipients back to `queued`, whatever their state, and clears the flag and the counters, and begins its age anew. */
  reopen(id: string, addresses: readonly string[], at: number): Promise<void>;
  /** The mail that a provider took under this id. */
  mailOf(providerMessageId: string): Promise<string | undefined>;
}

/** How far along a state is: a stored state is replaced only by one of the same rank or a higher one. */
export const STATE_RANK: Readonly<Record<RecipientState, number>> = {
  scheduled: 0,
  queued: 0,
  sending: 1,
  deferred: 2,
  cancelled: 3,
  suppressed: 3,
  failed: 4,
  sent: 5,
  delivered: 6,
  bounced: 7,
  complained: 8,
};

/** How many attempts of a mail are kept. */
export const MOST_ATTEMPTS = 100;

/** A provider's id as it is looked up: some add angle brackets in one place and leave them out in another. */
export function providerKey(providerMessageId: string): string {
  return providerMessageId
    .trim()
    .replace(/^<(.*)>$/, '$1')
    .slice(0, LONGEST_PROVIDER_ID);
}

const LONGEST_PROVIDER_ID = 250;

/** The keys of all ids in a change. */
export function providerKeys({ recipients = [] }: Pick<OutcomeChange, 'recipients'>): string[] {
  const ids = recipients.flatMap(({ providerMessageId }) => providerMessageId ?? []);
  return [...new Set(ids.map(providerKey))].filter((key) => key !== '');
}

/** How long an outcome is kept after its last change, in milliseconds: 30 days. */
export const RETENTION = 30 * 24 * 60 * 60 * 1000;
