import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { meaningOf } from '../../errors/refusal-words.js';
import { WebhookRejectedError } from '../../errors/webhook-rejected.error.js';
import type { MailEvent, MailEventBase } from '../../events/mail-event.interface.js';
import { type Json, listIn, objectIn, readJson, textIn, timeIn } from '../../feedback/webhooks/read-json.js';
import { verdict } from '../../feedback/webhooks/verdict.js';
import type { WebhookParser, WebhookRequest } from '../../feedback/webhooks/webhook-parser.interface.js';

export interface SendgridWebhookOptions {
  /** The verification key of the Signed Event Webhook, in Base64 or PEM. */
  publicKey: string;
}

/** In milliseconds: SendGrid tries for a day. */
const OLDEST = 25 * 3_600_000;
const MOST_EVENTS = 10_000;

/**
 * SendGrid's event webhook, signed with ECDSA over time and body.
 *
 * @see https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
 */
export class SendgridWebhook implements WebhookParser {
  readonly #key: KeyObject;

  /** @throws RelayConfigurationError */
  constructor({ publicKey }: SendgridWebhookOptions) {
    this.#key = keyOf(publicKey);
  }

  async parse({ headers, body }: WebhookRequest): Promise<readonly MailEvent[]> {
    const signature = headers['x-twilio-email-event-webhook-signature'];
    const timestamp = headers['x-twilio-email-event-webhook-timestamp'];
    if (signature === undefined || timestamp === undefined) throw new WebhookRejectedError(401, 'it is not signed');
    const signed = Buffer.concat([Buffer.from(timestamp), body]);
    if (!verify('sha256', signed, this.#key, Buffer.from(signature, 'base64')))
      throw new WebhookRejectedError(403, 'its signature is not SendGrid’s');
    if (!(Math.abs(Date.now() - Number(timestamp) * 1_000) < OLDEST))
      throw new WebhookRejectedError(403, 'it is too old');
    const events = listIn(readJson(body));
    if (events.length > MOST_EVENTS) throw new WebhookRejectedError(413, `it has more than ${MOST_EVENTS} events`);
    return events.flatMap((event) => sendgridEvent(objectIn(event)));
  }
}

function keyOf(text: string): KeyObject {
  try {
    const pem = text.includes('BEGIN') ? text : undefined;
    return createPublicKey(pem ?? { key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
  } catch {
    throw new RelayConfigurationError(
      'webhooks.sendgrid.publicKey',
      'is no public key: copy the Verification Key of Settings, Mail Settings, Signed Event Webhook Requests',
    );
  }
}

type Of = { [K in MailEvent['type']]: Omit<MailEvent<K>, keyof MailEventBase> }[MailEvent['type']];

/** Every `event`: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event */
const EVENTS: Readonly<Record<string, (event: Json) => Of>> = {
  processed: () => ({ type: 'queued' }),
  delivered: () => ({ type: 'delivered' }),
  deferred: (event) => ({
    type: 'deferred',
    ...said(event, meaningOf(textIn(event['response']) ?? '', undefined).reason, false, false),
  }),
  bounce: bounced,
  blocked: (event) => ({ type: 'bounced', ...said(event, 'policy', true, false) }),
  dropped,
  // `sg_machine_open`: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
  open: (event) => ({
    type: 'opened',
    ...clientOf(event),
    ...(event['sg_machine_open'] === true && { machine: 'apple-mail-privacy' }),
  }),
  click: (event) => ({ type: 'clicked', url: textIn(event['url']) ?? '', ...clientOf(event) }),
  spamreport: () => ({ type: 'complained', feedbackType: 'abuse', suppress: true }),
  unsubscribe: () => ({ type: 'unsubscribed' }),
  group_unsubscribe: () => ({ type: 'unsubscribed' }),
  group_resubscribe: () => ({ type: 'subscribed' }),
  account_status_change: () => ({ type: 'unknown' }),
};

/** `bounce_classification`: https://www.twilio.com/docs/sendgrid/ui/analytics-and-reporting/bounce-and-block-classifications */
const CLASSES: Readonly<Record<string, { reason: string; suppress: boolean }>> = {
  'Invalid Address': { reason: 'bad-address', suppress: true },
  Technical: { reason: 'network', suppress: false },
  Content: { reason: 'content', suppress: false },
  Reputation: { reason: 'policy', suppress: false },
  'Frequency or Volume Too High': { reason: 'rate', suppress: false },
  'Mailbox Unavailable': { reason: 'mailbox-full', suppress: false },
  Unclassified: { reason: 'other', suppress: false },
};

/** `reason` of a dropped mail. */
const DROPS: Readonly<Record<string, { reason: string; suppress: boolean }>> = {
  'Bounced Address': { reason: 'suppressed', suppress: true },
  'Spam Reporting Address': { reason: 'suppressed', suppress: true },
  'Unsubscribed Address': { reason: 'unsubscribed', suppress: false },
  Invalid: { reason: 'bad-address', suppress: true },
  'Invalid SMTPAPI header': { reason: 'message', suppress: false },
  'Spam Content': { reason: 'content', suppress: false },
  'Recipient List over Package Quota': { reason: 'quota', suppress: false },
};

function bounced(event: Json): Of {
  if (event['type'] === 'blocked') return { type: 'bounced', ...said(event, 'policy', true, false) };
  const known = CLASSES[String(event['bounce_classification'])];
  const { reason, suppress } =
    known && known.reason !== 'other' ? known : meaningOf(textIn(event['reason']) ?? '', textIn(event['status']));
  return { type: 'bounced', ...said(event, reason, true, suppress) };
}

function dropped(event: Json): Of {
  const { reason, suppress } = DROPS[String(event['reason'])] ?? { reason: 'other', suppress: false };
  return { type: 'rejected', ...said(event, reason, true, suppress) };
}

function said({ reason, response, status }: Json, word: string, permanent: boolean, suppress: boolean) {
  const enhanced = textIn(status);
  return verdict(word, permanent, suppress, {
    description: textIn(reason) ?? response,
    ...(enhanced !== undefined && /^[245]\.\d+\.\d+$/.test(enhanced) && { enhancedCode: enhanced }),
  });
}

function clientOf({ useragent, ip: from }: Json): { userAgent?: string; ip?: string } {
  const [agent, ip] = [textIn(useragent), textIn(from)];
  return { ...(agent !== undefined && { userAgent: agent }), ...(ip !== undefined && { ip }) };
}

function sendgridEvent(event: Json): MailEvent[] {
  const [recipient, type] = [textIn(event['email']), textIn(event['event'])];
  if (recipient === undefined || type === undefined) return [];
  const [smtpId, sgMessageId] = [textIn(event['smtp-id']), textIn(event['sg_message_id'])];
  const category = event['category'];
  const base: MailEventBase = {
    id: `sendgrid:${textIn(event['sg_event_id']) ?? `${type}:${sgMessageId ?? ''}:${String(event['timestamp'])}`}`,
    recipient,
    timestamp: timeIn(event['timestamp']),
    provider: 'sendgrid',
    ...(smtpId !== undefined && { messageId: smtpId }),
    // What stands behind the first dot is of the batch.
    ...(sgMessageId !== undefined && { providerMessageId: sgMessageId.split('.')[0]! }),
    tags: (Array.isArray(category) ? category : [category]).filter((tag): tag is string => typeof tag === 'string'),
    metadata: {},
    raw: event,
  };
  return [{ ...base, ...(EVENTS[type]?.(event) ?? { type: 'unknown' }) } as MailEvent];
}
