import { WebhookRejectedError } from '../../errors/webhook-rejected.error.js';
import type { MailEvent, MailEventBase } from '../../events/mail-event.interface.js';
import { type Json, listIn, objectIn, readObject, textIn, timeIn, wordsIn } from '../../feedback/webhooks/read-json.js';
import { verdict } from '../../feedback/webhooks/verdict.js';
import type { WebhookParser, WebhookRequest } from '../../feedback/webhooks/webhook-parser.interface.js';
import { readSesTags } from './ses-tags.js';
import { type FetchCertificate, SnsVerifier } from './ses-sns.js';

export interface SesWebhookOptions {
  /** The topics that are taken: anybody can sign with a topic of his own. */
  topicArns: readonly string[];
  /** How the certificate is had; default over https, cached. Its URL's host is pinned whatever is given here. */
  fetchCertificate?: FetchCertificate;
  /** How a subscription is confirmed; default a GET. */
  confirm?: (url: string) => Promise<void>;
}

/** A message may be as old, in milliseconds: SNS tries for an hour. */
const OLDEST = 24 * 3_600_000;

/**
 * Amazon SES over SNS: event publishing and feedback notifications.
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
 */
export class SesWebhook implements WebhookParser {
  readonly #topics: ReadonlySet<string>;
  readonly #verifier: SnsVerifier;
  readonly #confirm: (url: string) => Promise<void>;

  constructor({ topicArns, fetchCertificate, confirm = get }: SesWebhookOptions) {
    this.#topics = new Set(topicArns);
    this.#verifier = new SnsVerifier(fetchCertificate);
    this.#confirm = confirm;
  }

  async parse({ body }: WebhookRequest): Promise<readonly MailEvent[]> {
    const message = readObject(body);
    const topic = textIn(message['TopicArn']) ?? '';
    if (!this.#topics.has(topic)) throw new WebhookRejectedError(403, 'its topic is not one of ses.topicArns');
    await this.#verifier.verify(message);
    if (Math.abs(Date.now() - timeIn(message['Timestamp']).getTime()) > OLDEST)
      throw new WebhookRejectedError(403, 'it is too old');
    if (message['Type'] === 'SubscriptionConfirmation') {
      await this.#confirm(confirmationUrl(topic, textIn(message['Token']) ?? ''));
      return [];
    }
    if (message['Type'] !== 'Notification') return [];
    return sesEvents(innerOf(message['Message']), textIn(message['MessageId']) ?? '');
  }
}

/** Never the URL that came: it is made of what was verified. */
function confirmationUrl(topic: string, token: string): string {
  const [, partition, , region = ''] = topic.split(':');
  if (!/^[a-z0-9-]+$/.test(region)) throw new WebhookRejectedError(400, 'its topic names no region');
  const host = `sns.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`;
  return `https://${host}/?${new URLSearchParams({ Action: 'ConfirmSubscription', TopicArn: topic, Token: token }).toString()}`;
}

/** SNS's own words, such as those on a new subscription, are no JSON. */
function innerOf(text: unknown): Json {
  try {
    return readObject(Buffer.from(String(text)));
  } catch {
    return {};
  }
}

type Of<T extends MailEvent['type'] = MailEvent['type']> = { [K in T]: Omit<MailEvent<K>, keyof MailEventBase> }[T];
interface SesRow {
  /** Where the details of this type are. */
  readonly part: string;
  /** Whom it is about, within the part; default all destinations. */
  readonly recipients?: string;
  readonly event: (part: Json, recipient: Json) => Of;
}

/** Every `eventType` and `notificationType`: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html */
const TYPES: Readonly<Record<string, SesRow>> = {
  Send: { part: 'send', event: () => ({ type: 'sent' }) },
  Delivery: { part: 'delivery', recipients: 'recipients', event: () => ({ type: 'delivered' }) },
  Bounce: { part: 'bounce', recipients: 'bouncedRecipients', event: bounced },
  Complaint: { part: 'complaint', recipients: 'complainedRecipients', event: complained },
  Reject: {
    part: 'reject',
    event: ({ reason }) => ({ type: 'rejected', ...verdict('virus', true, false, { description: reason }) }),
  },
  Open: { part: 'open', event: (part) => ({ type: 'opened', ...clientOf(part) }) },
  Click: {
    part: 'click',
    event: (part) => ({ type: 'clicked', url: textIn(part['link']) ?? '', ...clientOf(part) }),
  },
  'Rendering Failure': {
    part: 'failure',
    event: ({ errorMessage }) => ({
      type: 'rejected',
      ...verdict('template', true, false, { description: errorMessage }),
    }),
  },
  DeliveryDelay: {
    part: 'deliveryDelay',
    recipients: 'delayedRecipients',
    event: ({ delayType }, { diagnosticCode, status }) => ({
      type: 'deferred',
      ...verdict(DELAYS[String(delayType)] ?? 'other', false, false, {
        description: diagnosticCode,
        enhancedCode: status,
      }),
    }),
  },
  Subscription: {
    part: 'subscription',
    event: ({ newTopicPreferences }) => ({
      type: objectIn(newTopicPreferences)['unsubscribeAll'] === false ? 'subscribed' : 'unsubscribed',
    }),
  },
};

/** `bounceType/bounceSubType`: https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html#bounce-types */
export const SES_BOUNCES: Readonly<Record<string, { reason: string; suppress: boolean }>> = {
  'Undetermined/Undetermined': { reason: 'other', suppress: false },
  'Permanent/General': { reason: 'bad-address', suppress: true },
  'Permanent/NoEmail': { reason: 'bad-address', suppress: true },
  'Permanent/Suppressed': { reason: 'suppressed', suppress: true },
  'Permanent/OnAccountSuppressionList': { reason: 'suppressed', suppress: true },
  'Permanent/UnsubscribedRecipient': { reason: 'unsubscribed', suppress: false },
  'Transient/General': { reason: 'soft-bounce', suppress: false },
  'Transient/MailboxFull': { reason: 'mailbox-full', suppress: false },
  'Transient/MessageTooLarge': { reason: 'too-large', suppress: false },
  'Transient/ContentRejected': { reason: 'content', suppress: false },
  'Transient/AttachmentRejected': { reason: 'content', suppress: false },
  'Transient/CustomTimeoutExceeded': { reason: 'expired', suppress: false },
};

/** `delayType`. */
const DELAYS: Readonly<Record<string, string>> = {
  InternalFailure: 'provider',
  General: 'other',
  MailboxFull: 'mailbox-full',
  SpamDetected: 'spam',
  RecipientServerError: 'server',
  IPFailure: 'policy',
  TransientCommunicationFailure: 'network',
  BYOIPHostNameLookupUnavailable: 'network',
  Undetermined: 'other',
  SendingDeferral: 'rate',
};

function bounced({ bounceType, bounceSubType }: Json, { status, diagnosticCode }: Json): Of {
  const known = SES_BOUNCES[`${String(bounceType)}/${String(bounceSubType)}`];
  const { reason, suppress } = known ?? { reason: 'other', suppress: false };
  return { type: 'bounced', ...verdict(reason, true, suppress, { description: diagnosticCode, enhancedCode: status }) };
}

function complained({ complaintFeedbackType }: Json): Of {
  const feedbackType = textIn(complaintFeedbackType);
  return {
    type: 'complained',
    ...(feedbackType !== undefined && { feedbackType }),
    suppress: feedbackType !== 'not-spam' && feedbackType !== 'virus' && feedbackType !== 'auth-failure',
  };
}

function clientOf({ userAgent, ipAddress }: Json): { userAgent?: string; ip?: string } {
  const [agent, ip] = [textIn(userAgent), textIn(ipAddress)];
  return { ...(agent !== undefined && { userAgent: agent }), ...(ip !== undefined && { ip }) };
}

/** What a notification says, of each recipient. @param snsId what the same notification has each time */
export function sesEvents(message: Json, snsId: string): MailEvent[] {
  const type = textIn(message['eventType']) ?? textIn(message['notificationType']);
  if (type === undefined) return [];
  const mail = objectIn(message['mail']);
  const { id, tags, metadata } = readSesTags(tagsOf(mail['tags']));
  const row = TYPES[type];
  const part = objectIn(row && message[row.part]);
  const about = row?.recipients === undefined ? mail['destination'] : part[row.recipients];
  const providerMessageId = textIn(mail['messageId']);
  return listIn(about).flatMap((one): MailEvent[] => {
    const recipient = typeof one === 'string' ? one : textIn(objectIn(one)['emailAddress']);
    if (recipient === undefined) return [];
    const base: MailEventBase = {
      id: `ses:${snsId}:${recipient.toLowerCase()}`,
      recipient: addressIn(recipient),
      timestamp: timeIn(part['timestamp'] ?? mail['timestamp']),
      provider: 'ses',
      ...(id !== undefined && { mailId: id }),
      ...(providerMessageId !== undefined && { providerMessageId }),
      tags,
      metadata,
      raw: message,
    };
    return [{ ...base, ...(row?.event(part, objectIn(one)) ?? { type: 'unknown' }) } as MailEvent];
  });
}

function tagsOf(value: unknown): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(objectIn(value)).map(([name, values]) => [name, Object.values(wordsIn({ ...listIn(values) }))]),
  );
}

/** `Ada <ada@x.test>` as `ada@x.test`. */
function addressIn(recipient: string): string {
  return /<([^<>]+)>\s*$/.exec(recipient)?.[1] ?? recipient;
}

async function get(url: string): Promise<void> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`Amazon SNS answered HTTP ${response.status} to the confirmation`);
}
