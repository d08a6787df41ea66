import { createHmac } from 'node:crypto';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { WebhookRejectedError } from '../../errors/webhook-rejected.error.js';
import type { MailEvent, MailEventBase } from '../../events/mail-event.interface.js';
import { sameText } from '../../feedback/webhooks/constant-time.js';
import { type Json, listIn, objectIn, readObject, textIn, timeIn, wordsIn } from '../../feedback/webhooks/read-json.js';
import { verdict } from '../../feedback/webhooks/verdict.js';
import type { WebhookParser, WebhookRequest } from '../../feedback/webhooks/webhook-parser.interface.js';

export interface ResendWebhookOptions {
  /** The webhook's signing secret, `whsec_...`. */
  secret: string;
}

/** In milliseconds; each try is signed anew: https://www.standardwebhooks.com */
const OLDEST = 5 * 60_000;

/**
 * Resend's webhooks, signed as Standard Webhooks are.
 *
 * @see https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests
 */
export class ResendWebhook implements WebhookParser {
  readonly #secret: Buffer;

  /** @throws RelayConfigurationError */
  constructor({ secret }: ResendWebhookOptions) {
    this.#secret = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    if (this.#secret.length < 16)
      throw new RelayConfigurationError('webhooks.resend.secret', "is the webhook's signing secret, whsec_...");
  }

  async parse({ headers, body }: WebhookRequest): Promise<readonly MailEvent[]> {
    const header = (name: string) => headers[`svix-${name}`] ?? headers[`webhook-${name}`];
    const [id, timestamp, signatures] = [header('id'), header('timestamp'), header('signature')];
    if (id === undefined || timestamp === undefined || signatures === undefined)
      throw new WebhookRejectedError(401, 'it is not signed');
    const signed = createHmac('sha256', this.#secret).update(`${id}.${timestamp}.`).update(body).digest('base64');
    // Several while a secret is replaced.
    const given = signatures.split(' ').slice(0, 10);
    if (!given.some((one) => one.startsWith('v1,') && sameText(one.slice(3), signed)))
      throw new WebhookRejectedError(403, 'its signature is not Resend’s');
    if (!(Math.abs(Date.now() - Number(timestamp) * 1_000) < OLDEST))
      throw new WebhookRejectedError(403, 'it is too old');
    return resendEvents(readObject(body), id);
  }
}

type Of = { [K in MailEvent['type']]: Omit<MailEvent<K>, keyof MailEventBase> }[MailEvent['type']];

/** Every `type` of an email: https://resend.com/docs/dashboard/webhooks/event-types */
const TYPES: Readonly<Record<string, (data: Json) => Of>> = {
  'email.scheduled': () => ({ type: 'queued' }),
  'email.sent': () => ({ type: 'sent' }),
  'email.delivered': () => ({ type: 'delivered' }),
  'email.delivery_delayed': () => ({ type: 'deferred', permanent: false, reason: 'other' }),
  'email.bounced': bounced,
  'email.complained': () => ({ type: 'complained', feedbackType: 'abuse', suppress: true }),
  'email.opened': (data) => ({ type: 'opened', ...clientOf(objectIn(data['open'])) }),
  'email.clicked': ({ click }) => ({
    type: 'clicked',
    url: textIn(objectIn(click)['link']) ?? '',
    ...clientOf(objectIn(click)),
  }),
  'email.failed': ({ failed }) => ({
    type: 'rejected',
    ...verdict('provider', true, false, { description: objectIn(failed)['reason'] }),
  }),
  'email.suppressed': () => ({ type: 'rejected', ...verdict('suppressed', true, true, {}) }),
  'email.received': () => ({ type: 'unknown' }),
};

/** `bounce.subType`, Amazon's words; a `bounce.type` of `Permanent` says that the address is bad. */
const BOUNCES: Readonly<Record<string, string>> = {
  General: 'other',
  NoEmail: 'bad-address',
  Suppressed: 'suppressed',
  OnAccountSuppressionList: 'suppressed',
  MailboxFull: 'mailbox-full',
  MessageTooLarge: 'too-large',
  ContentRejected: 'content',
  AttachmentRejected: 'content',
};

function bounced(data: Json): Of {
  const { message, type, subType } = objectIn(data['bounce']);
  const bad = type === 'Permanent';
  const reason = BOUNCES[String(subType)] ?? 'other';
  return {
    type: 'bounced',
    ...verdict(bad && reason === 'other' ? 'bad-address' : reason, true, bad, { description: message }),
  };
}

function clientOf({ userAgent, ipAddress }: Json): { userAgent?: string; ip?: string } {
  const [agent, ip] = [textIn(userAgent), textIn(ipAddress)];
  return { ...(agent !== undefined && { userAgent: agent }), ...(ip !== undefined && { ip }) };
}

function resendEvents(message: Json, webhookId: string): MailEvent[] {
  const type = textIn(message['type']);
  const data = objectIn(message['data']);
  const providerMessageId = textIn(data['email_id']);
  const tags = data['tags'];
  return listIn(data['to']).flatMap((one): MailEvent[] => {
    const recipient = /<([^<>]+)>\s*$/.exec(String(one))?.[1] ?? textIn(one);
    if (recipient === undefined || type === undefined) return [];
    const base: MailEventBase = {
      id: `resend:${webhookId}:${recipient.toLowerCase()}`,
      recipient,
      timestamp: timeIn(message['created_at']),
      provider: 'resend',
      ...(providerMessageId !== undefined && { providerMessageId }),
      tags: [],
      metadata: Array.isArray(tags)
        ? Object.fromEntries(tags.map((tag) => [String(objectIn(tag)['name']), String(objectIn(tag)['value'])]))
        : wordsIn(tags),
      raw: message,
    };
    return [{ ...base, ...(TYPES[type]?.(data) ?? { type: 'unknown' }) } as MailEvent];
  });
}
