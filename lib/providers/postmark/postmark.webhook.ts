import { WebhookRejectedError } from '../../errors/webhook-rejected.error.js';
import type { MailEvent, MailEventBase } from '../../events/mail-event.interface.js';
import { sameText } from '../../feedback/webhooks/constant-time.js';
import { type Json, objectIn, readObject, textIn, timeIn, wordsIn } from '../../feedback/webhooks/read-json.js';
import { verdict } from '../../feedback/webhooks/verdict.js';
import type { WebhookParser, WebhookRequest } from '../../feedback/webhooks/webhook-parser.interface.js';

export interface PostmarkWebhookOptions {
  /** Of the URL given to Postmark, `https://username:password@...`: it signs nothing. */
  username: string;
  password: string;
}

/**
 * Postmark's webhooks, behind HTTP basic auth.
 *
 * @see https://postmarkapp.com/developer/webhooks/webhooks-overview
 */
export class PostmarkWebhook implements WebhookParser {
  readonly #authorization: string;

  constructor({ username, password }: PostmarkWebhookOptions) {
    this.#authorization = Buffer.from(`${username}:${password}`).toString('base64');
  }

  async parse({ headers, body }: WebhookRequest): Promise<readonly MailEvent[]> {
    const [, credentials = ''] = /^basic +(\S+)$/i.exec(headers['authorization'] ?? '') ?? [];
    if (!sameText(credentials, this.#authorization))
      throw new WebhookRejectedError(401, 'its user name or password is not that of webhooks.postmark');
    return postmarkEvents(readObject(body));
  }
}

type Of = { [K in MailEvent['type']]: Omit<MailEvent<K>, keyof MailEventBase> }[MailEvent['type']];

interface RecordRow {
  readonly recipient: 'Email' | 'Recipient';
  readonly time: string;
  readonly event: (record: Json) => Of;
}

/** Every `RecordType`. */
const RECORDS: Readonly<Record<string, RecordRow>> = {
  Delivery: { recipient: 'Recipient', time: 'DeliveredAt', event: () => ({ type: 'delivered' }) },
  Bounce: { recipient: 'Email', time: 'BouncedAt', event: bounce },
  SpamComplaint: { recipient: 'Email', time: 'BouncedAt', event: () => COMPLAINT },
  Open: {
    recipient: 'Recipient',
    time: 'ReceivedAt',
    event: (record) => ({ type: 'opened', ...clientOf(record) }),
  },
  Click: {
    recipient: 'Recipient',
    time: 'ReceivedAt',
    event: (record) => ({ type: 'clicked', url: textIn(record['OriginalLink']) ?? '', ...clientOf(record) }),
  },
  SubscriptionChange: { recipient: 'Recipient', time: 'ChangedAt', event: subscription },
};

type BounceRow = readonly ['bounced' | 'deferred' | 'rejected', reason: string, suppress?: true] | Of;

const COMPLAINT: Of = { type: 'complained', feedbackType: 'abuse', suppress: true };

/** Every bounce `Type`: https://postmarkapp.com/developer/api/bounce-api#bounce-types */
export const POSTMARK_BOUNCES: Readonly<Record<string, BounceRow>> = {
  HardBounce: ['bounced', 'bad-address', true],
  Transient: ['deferred', 'network'],
  Unsubscribe: { type: 'unsubscribed' },
  Subscribe: { type: 'subscribed' },
  AutoResponder: { type: 'auto-replied' },
  AddressChange: { type: 'auto-replied' },
  DnsError: ['deferred', 'network'],
  SpamNotification: { type: 'complained', feedbackType: 'abuse', suppress: true },
  OpenRelayTest: { type: 'unknown' },
  Unknown: { type: 'unknown' },
  SoftBounce: ['bounced', 'soft-bounce'],
  VirusNotification: ['bounced', 'virus'],
  ChallengeVerification: { type: 'auto-replied' },
  BadEmailAddress: ['bounced', 'bad-address', true],
  SpamComplaint: COMPLAINT,
  ManuallyDeactivated: ['bounced', 'suppressed', true],
  Unconfirmed: { type: 'unknown' },
  Blocked: ['bounced', 'policy'],
  SMTPApiError: ['rejected', 'provider'],
  InboundError: { type: 'unknown' },
  DMARCPolicy: ['bounced', 'dmarc'],
  TemplateRenderingFailed: ['rejected', 'template'],
};

function bounce({ Type, Details, Description }: Json): Of {
  const row = POSTMARK_BOUNCES[String(Type)] ?? { type: 'unknown' };
  if (!isVerdict(row)) return row;
  const [type, reason, suppress = false] = row;
  return { type, ...verdict(reason, type !== 'deferred', suppress, { description: Details ?? Description }) };
}

function isVerdict(row: BounceRow): row is readonly ['bounced' | 'deferred' | 'rejected', string, true?] {
  return Array.isArray(row);
}

/** Postmark also tells so of addresses that it has held back after a bounce or complaint. */
function subscription({ SuppressSending, SuppressionReason }: Json): Of {
  if (SuppressSending !== true) return { type: 'subscribed' };
  if (SuppressionReason === 'HardBounce')
    return { type: 'bounced', ...verdict('bad-address', true, true, { description: 'Held back by Postmark' }) };
  return SuppressionReason === 'SpamComplaint' ? COMPLAINT : { type: 'unsubscribed' };
}

function clientOf({ UserAgent, Geo }: Json): { userAgent?: string; ip?: string } {
  const [agent, ip] = [textIn(UserAgent), textIn(objectIn(Geo)['IP'])];
  return { ...(agent !== undefined && { userAgent: agent }), ...(ip !== undefined && { ip }) };
}

function postmarkEvents(record: Json): MailEvent[] {
  const kind = textIn(record['RecordType']) ?? 'unknown';
  const row = RECORDS[kind];
  const recipient = textIn(record[row?.recipient ?? 'Recipient']) ?? textIn(record['Email']);
  if (recipient === undefined) return [];
  const providerMessageId = textIn(record['MessageID']);
  const time = row && record[row.time];
  const id = [kind, record['ID'] ?? providerMessageId ?? '', recipient.toLowerCase(), time ?? ''].map(String).join(':');
  const tag = textIn(record['Tag']);
  const base: MailEventBase = {
    id: `postmark:${id}`,
    recipient,
    timestamp: timeIn(time),
    provider: 'postmark',
    ...(providerMessageId !== undefined && { providerMessageId }),
    tags: tag === undefined ? [] : [tag],
    metadata: wordsIn(record['Metadata']),
    raw: record,
  };
  return [{ ...base, ...(row?.event(record) ?? { type: 'unknown' }) } as MailEvent];
}
