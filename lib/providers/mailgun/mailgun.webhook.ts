import { createHmac } from 'node:crypto';
import { meaningOf } from '../../errors/refusal-words.js';
import { WebhookRejectedError } from '../../errors/webhook-rejected.error.js';
import type { MailEvent, MailEventBase } from '../../events/mail-event.interface.js';
import { sameText } from '../../feedback/webhooks/constant-time.js';
import { type Json, listIn, objectIn, readObject, textIn, timeIn, wordsIn } from '../../feedback/webhooks/read-json.js';
import type { ReplayMemory } from '../../feedback/webhooks/replay-memory.js';
import { verdict } from '../../feedback/webhooks/verdict.js';
import type { WebhookParser, WebhookRequest } from '../../feedback/webhooks/webhook-parser.interface.js';

export interface MailgunWebhookOptions {
  /** The account's HTTP webhook signing key. */
  signingKey: string;
}

/** In milliseconds: Mailgun tries for 8 hours. */
const OLDEST = 12 * 3_600_000;
/** How far its clock may be ahead. */
const AHEAD = 10 * 60_000;

/**
 * Mailgun's webhooks. What is signed is a token and its time, not the body: a token that comes again with another body is a forgery.
 *
 * @see https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
 */
export class MailgunWebhook implements WebhookParser {
  readonly #key: string;
  readonly #memory: ReplayMemory;

  constructor({ signingKey }: MailgunWebhookOptions, memory: ReplayMemory) {
    this.#key = signingKey;
    this.#memory = memory;
  }

  async parse({ body }: WebhookRequest): Promise<readonly MailEvent[]> {
    const message = readObject(body);
    const { token, timestamp, signature } = objectIn(message['signature']);
    if (typeof token !== 'string' || token === '' || !/^\d{1,12}$/.test(String(timestamp)))
      throw new WebhookRejectedError(401, 'it is not signed');
    const signed = createHmac('sha256', this.#key)
      .update(`${String(timestamp)}${token}`)
      .digest('hex');
    if (!sameText(signed, String(signature))) throw new WebhookRejectedError(403, 'its signature is not Mailgun’s');
    const age = Date.now() - Number(timestamp) * 1_000;
    if (age > OLDEST || age < -AHEAD) throw new WebhookRejectedError(403, 'it is too old');
    if (await this.#memory.isForgery(token, body))
      throw new WebhookRejectedError(403, 'its token came before with another body');
    return mailgunEvents(objectIn(message['event-data']));
  }
}

type Of = { [K in MailEvent['type']]: Omit<MailEvent<K>, keyof MailEventBase> }[MailEvent['type']];

/** Every `event`: https://documentation.mailgun.com/docs/mailgun/user-manual/events/events */
const EVENTS: Readonly<Record<string, (data: Json) => Of>> = {
  accepted: () => ({ type: 'queued' }),
  delivered: () => ({ type: 'delivered' }),
  failed,
  rejected: (data) => ({ type: 'rejected', ...said(data, 'policy', true, false) }),
  opened: (data) => ({ type: 'opened', ...clientOf(data) }),
  clicked: (data) => ({ type: 'clicked', url: textIn(data['url']) ?? '', ...clientOf(data) }),
  complained: () => ({ type: 'complained', feedbackType: 'abuse', suppress: true }),
  unsubscribed: () => ({ type: 'unsubscribed' }),
  stored: () => ({ type: 'unknown' }),
};

/** `reason` of a failure where it says more than the server's answer. */
const REASONS: Readonly<Record<string, { type: 'bounced' | 'rejected'; reason: string; suppress: boolean }>> = {
  'suppress-bounce': { type: 'rejected', reason: 'suppressed', suppress: true },
  'suppress-complaint': { type: 'rejected', reason: 'suppressed', suppress: true },
  'suppress-unsubscribe': { type: 'rejected', reason: 'unsubscribed', suppress: false },
  old: { type: 'bounced', reason: 'expired', suppress: false },
  espblock: { type: 'bounced', reason: 'policy', suppress: false },
};

/** Mailgun's own codes, where a failure gives no reason: 605 and 607 are on its lists, 606 has unsubscribed. */
const CODES: Readonly<Record<string, keyof typeof REASONS>> = {
  '605': 'suppress-bounce',
  '606': 'suppress-unsubscribe',
  '607': 'suppress-complaint',
};

function failed(data: Json): Of {
  const { reason, severity } = data;
  const status = objectIn(data['delivery-status']);
  const known = REASONS[CODES[String(status['code'])] ?? String(reason)];
  if (known) return { type: known.type, ...said(data, known.reason, true, known.suppress) };
  const { reason: why, suppress } = meaningOf(serverWords(status), textIn(status['enhanced-code']));
  if (severity === 'temporary') return { type: 'deferred', ...said(data, why, false, false) };
  return { type: 'bounced', ...said(data, why, true, suppress) };
}

function serverWords(status: Json): string {
  return `${textIn(status['message']) ?? ''} ${textIn(status['description']) ?? ''}`;
}

function said(data: Json, reason: string, permanent: boolean, suppress: boolean) {
  const status = objectIn(data['delivery-status']);
  const code = Number(status['code']);
  return verdict(reason, permanent, suppress, {
    description: textIn(status['message']) ?? textIn(status['description']) ?? objectIn(data['reject'])['reason'],
    ...(code >= 400 && code < 600 && { replyCode: code }),
    enhancedCode: status['enhanced-code'],
  });
}

function clientOf(data: Json): { userAgent?: string; ip?: string; machine?: string } {
  const info = objectIn(data['client-info']);
  const [agent, ip, bot] = [textIn(info['user-agent']), textIn(data['ip']), textIn(info['bot'])];
  const machine = bot && (BOTS[bot] ?? 'provider');
  return {
    ...(agent !== undefined && { userAgent: agent }),
    ...(ip !== undefined && { ip }),
    ...(machine && { machine }),
  };
}

/** `client-info.bot`: https://documentation.mailgun.com/docs/mailgun/user-manual/tracking-messages/open-click-bot-detect */
const BOTS: Readonly<Record<string, string>> = {
  apple: 'apple-mail-privacy',
  gmail: 'gmail-image-proxy',
  generic: 'security-scanner',
};

function mailgunEvents(data: Json): MailEvent[] {
  const recipient = textIn(data['recipient']);
  const type = textIn(data['event']);
  if (recipient === undefined || type === undefined) return [];
  const messageId = textIn(objectIn(objectIn(data['message'])['headers'])['message-id']);
  const base: MailEventBase = {
    // Mailgun's ids are unique within a day and a type.
    id: `mailgun:${type}:${String(data['id'] ?? '')}:${Math.trunc(Number(data['timestamp']) || 0)}`,
    recipient,
    timestamp: timeIn(data['timestamp']),
    provider: 'mailgun',
    ...(messageId !== undefined && { messageId: `<${messageId.replace(/^<|>$/g, '')}>`, providerMessageId: messageId }),
    tags: listIn(data['tags']).filter((tag): tag is string => typeof tag === 'string'),
    metadata: wordsIn(data['user-variables']),
    raw: data,
  };
  return [{ ...base, ...(EVENTS[type]?.(data) ?? { type: 'unknown' }) } as MailEvent];
}
