import type { MailRecord, RecipientState } from '../../delivery/outcome-store.interface.js';
import type { MailBody } from '../../mail/mail-snapshot.interface.js';
import { decodeValue } from '../../mail/snapshot-value.js';
import { unrenderedHead } from '../../mail/unrendered-head.js';
import type { FoundMail } from '../../queue/mail-queue.interface.js';

/** A mail in a list. Times are ISO 8601. */
export interface MailRow {
  readonly id: string;
  readonly messageId: string;
  /** Name of the mail class. */
  readonly mail?: string;
  readonly subject?: string;
  readonly from?: string;
  /** The first three. */
  readonly to: readonly string[];
  readonly recipients: number;
  /** That of the recipient who needs most attention. */
  readonly state: RecipientState;
  /** How many recipients are in which. */
  readonly states: Readonly<Partial<Record<RecipientState, number>>>;
  readonly stream: string;
  readonly tenant?: string;
  readonly tags: readonly string[];
  /** The last one that it was tried with. */
  readonly transport?: string;
  /** When the relay took it. */
  readonly at: string;
  readonly changedAt: string;
  /** Bytes. */
  readonly size?: number;
  readonly attachments?: number;
  /** Recipients. */
  readonly opened?: number;
  readonly clicked?: number;
}

/** A mail that something has come of. @param now that of the queue, where it is known */
export function rowOf(id: string, record: MailRecord, found?: FoundMail | null): MailRow {
  const { messageId = '', mail, about, head, recipients, attempts, opened, clicked, sendingSince } = record;
  const outcomes = new Map(recipients.map(({ address, state }) => [address, state]));
  const to = about?.to ?? [...outcomes.keys()];
  const open: RecipientState = sendingSince !== undefined && found?.state === 'active' ? 'sending' : 'queued';
  const states = to.map((address) => outcomes.get(address) ?? open);
  const transport = attempts.findLast((one) => one.transport !== '')?.transport;
  const times = [about?.acceptedAt ?? 0, ...recipients.map(({ at }) => at), ...attempts.slice(-1).map(({ at }) => at)];
  return {
    id,
    messageId,
    ...(mail !== undefined && { mail }),
    ...(head && head.subject !== '' && { subject: head.subject }),
    ...(head && { from: head.from }),
    ...summary(to, states),
    stream: about?.stream ?? 'transactional',
    ...(about?.tenant !== undefined && { tenant: about.tenant }),
    tags: about?.tags ?? [],
    ...(transport !== undefined && { transport }),
    at: new Date(about?.acceptedAt ?? Math.min(...times)).toISOString(),
    changedAt: new Date(Math.max(...times)).toISOString(),
    ...(head?.size !== undefined && { size: head.size }),
    ...(head?.attachments !== undefined && { attachments: head.attachments }),
    ...(opened && { opened }),
    ...(clicked && { clicked }),
  };
}

/** A mail in the queue, of which something may have come already. */
export function rowOfFound(found: FoundMail, record: MailRecord | null): MailRow {
  const { snapshot } = found;
  const { id, messageId, mail, envelope, acceptedAt, notBefore, stream, tenant, attachments } = snapshot;
  const body = decodeValue(snapshot.body) as MailBody;
  const head = unrenderedHead(snapshot, body);
  if (record?.about) return rowOf(id, { ...record, head: record.head ?? head }, found);
  const waiting = found.state === 'scheduled' && notBefore > acceptedAt ? 'scheduled' : 'queued';
  const state: RecipientState = found.state === 'active' ? 'sending' : found.state === 'failed' ? 'failed' : waiting;
  const at = new Date(acceptedAt).toISOString();
  return {
    id,
    messageId,
    ...(mail !== undefined && { mail }),
    ...(head.subject !== '' && { subject: head.subject }),
    from: head.from,
    ...summary(
      envelope.to,
      envelope.to.map(() => state),
    ),
    stream,
    ...(tenant !== undefined && { tenant }),
    tags: body.tags,
    at,
    changedAt: at,
    ...(body.content.kind !== 'raw' && attachments.length > 0 && { attachments: attachments.length }),
  };
}

function summary(
  to: readonly string[],
  all: readonly RecipientState[],
): Pick<MailRow, 'to' | 'recipients' | 'state' | 'states'> {
  const states: Partial<Record<RecipientState, number>> = {};
  for (const state of all) states[state] = (states[state] ?? 0) + 1;
  return {
    to: to.slice(0, SHOWN),
    recipients: to.length,
    state: ATTENTION.find((state) => states[state]) ?? 'queued',
    states,
  };
}

const SHOWN = 3;

/** Which state a reader wants to know of first. */
const ATTENTION: readonly RecipientState[] = [
  'failed',
  'bounced',
  'complained',
  'deferred',
  'sending',
  'queued',
  'scheduled',
  'suppressed',
  'cancelled',
  'sent',
  'delivered',
];
