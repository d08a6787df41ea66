import { createHmac, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { MailEvent } from '../../lib/index.js';
import type { WebhookParser } from '../../lib/webhooks.js';
import { MailgunWebhook } from '../../lib/providers/mailgun/mailgun.webhook.js';
import { PostmarkWebhook } from '../../lib/providers/postmark/postmark.webhook.js';
import { ResendWebhook } from '../../lib/providers/resend/resend.webhook.js';
import { SendgridWebhook } from '../../lib/providers/sendgrid/sendgrid.webhook.js';
import { SesWebhook } from '../../lib/providers/ses/ses.webhook.js';
import { SNS_CERTIFICATE, SNS_KEY } from '../support/sns-certificate.js';

type Word = [said: string, body: object, event: Partial<MailEvent> & Record<string, unknown>];

const held = { permanent: true, suppress: true };
const refused = { permanent: true, suppress: false };
const later = { permanent: false, suppress: false };

describe('Amazon SES', () => {
  const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:mail';
  const parser = new SesWebhook({ topicArns: [TOPIC], fetchCertificate: async () => SNS_CERTIFICATE });
  const bounce = (type: string, sub: string) => ({
    eventType: 'Bounce',
    bounce: { bounceType: type, bounceSubType: sub, bouncedRecipients: [{ emailAddress: 'ada@x.test' }] },
  });
  const complaint = (type: string) => ({
    eventType: 'Complaint',
    complaint: { complaintFeedbackType: type, complainedRecipients: [{ emailAddress: 'ada@x.test' }] },
  });
  const delay = (delayType: string) => ({
    eventType: 'DeliveryDelay',
    deliveryDelay: { delayType, delayedRecipients: [{ emailAddress: 'ada@x.test' }] },
  });
  const words: Word[] = [
    ['Send', { eventType: 'Send', send: {} }, { type: 'sent' }],
    ['Delivery', { eventType: 'Delivery', delivery: { recipients: ['ada@x.test'] } }, { type: 'delivered' }],
    [
      'Delivery, as a notification',
      { notificationType: 'Delivery', delivery: { recipients: ['ada@x.test'] } },
      { type: 'delivered' },
    ],
    ['Permanent General', bounce('Permanent', 'General'), { type: 'bounced', ...held, reason: 'bad-address' }],
    ['Permanent NoEmail', bounce('Permanent', 'NoEmail'), { type: 'bounced', ...held, reason: 'bad-address' }],
    ['Permanent Suppressed', bounce('Permanent', 'Suppressed'), { type: 'bounced', ...held, reason: 'suppressed' }],
    [
      'Permanent OnAccountSuppressionList',
      bounce('Permanent', 'OnAccountSuppressionList'),
      { type: 'bounced', ...held },
    ],
    ['Permanent UnsubscribedRecipient', bounce('Permanent', 'UnsubscribedRecipient'), { type: 'bounced', ...refused }],
    ['Transient General', bounce('Transient', 'General'), { type: 'bounced', ...refused, reason: 'soft-bounce' }],
    [
      'Transient MailboxFull',
      bounce('Transient', 'MailboxFull'),
      { type: 'bounced', ...refused, reason: 'mailbox-full' },
    ],
    [
      'Transient MessageTooLarge',
      bounce('Transient', 'MessageTooLarge'),
      { type: 'bounced', ...refused, reason: 'too-large' },
    ],
    [
      'Transient ContentRejected',
      bounce('Transient', 'ContentRejected'),
      { type: 'bounced', ...refused, reason: 'content' },
    ],
    ['Transient AttachmentRejected', bounce('Transient', 'AttachmentRejected'), { type: 'bounced', ...refused }],
    [
      'Transient CustomTimeoutExceeded',
      bounce('Transient', 'CustomTimeoutExceeded'),
      { type: 'bounced', ...refused, reason: 'expired' },
    ],
    ['Undetermined', bounce('Undetermined', 'Undetermined'), { type: 'bounced', ...refused, reason: 'other' }],
    ['a new kind of bounce', bounce('Permanent', 'Haunted'), { type: 'bounced', ...refused, reason: 'other' }],
    ['Complaint abuse', complaint('abuse'), { type: 'complained', feedbackType: 'abuse', suppress: true }],
    ['Complaint not-spam', complaint('not-spam'), { type: 'complained', suppress: false }],
    ['DeliveryDelay MailboxFull', delay('MailboxFull'), { type: 'deferred', ...later, reason: 'mailbox-full' }],
    ['DeliveryDelay IPFailure', delay('IPFailure'), { type: 'deferred', ...later, reason: 'policy' }],
    [
      'Reject',
      { eventType: 'Reject', reject: { reason: 'Bad content' } },
      { type: 'rejected', ...refused, description: 'Bad content' },
    ],
    [
      'Rendering Failure',
      { eventType: 'Rendering Failure', failure: { errorMessage: 'No name' } },
      { type: 'rejected', ...refused },
    ],
    [
      'Open',
      { eventType: 'Open', open: { userAgent: 'A', ipAddress: '192.0.2.1' } },
      { type: 'opened', userAgent: 'A', ip: '192.0.2.1' },
    ],
    ['Click', { eventType: 'Click', click: { link: 'https://x.test/' } }, { type: 'clicked', url: 'https://x.test/' }],
    [
      'Subscription',
      { eventType: 'Subscription', subscription: { newTopicPreferences: { unsubscribeAll: true } } },
      { type: 'unsubscribed' },
    ],
    ['something new', { eventType: 'Teleport', teleport: {} }, { type: 'unknown' }],
  ];

  it.each(words)('%s', async (_, body, event) => {
    const mail = { messageId: 'ses-1', destination: ['ada@x.test'], tags: { 'relay-id': ['1'] } };
    const told = { ...body, mail: { ...mail, timestamp: new Date().toISOString() } };
    const message: Record<string, string> = {
      Message: JSON.stringify(told),
      MessageId: 'm',
      Timestamp: new Date().toISOString(),
      TopicArn: TOPIC,
      Type: 'Notification',
    };
    const text = Object.entries(message).map(([name, value]) => `${name}\n${value}\n`);
    const Signature = createSign('RSA-SHA256').update(text.join('')).sign(SNS_KEY, 'base64');
    const SigningCertURL = 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem';
    await says(parser, JSON.stringify({ ...message, Signature, SignatureVersion: '2', SigningCertURL }), {}, event);
  });
});

describe('Postmark', () => {
  const parser = new PostmarkWebhook({ username: 'post', password: 'mark' });
  const bounce = (Type: string) => ({ RecordType: 'Bounce', Type, Email: 'ada@x.test', Details: 'so it said' });
  const change = (more: object) => ({ RecordType: 'SubscriptionChange', Recipient: 'ada@x.test', ...more });
  const words: Word[] = [
    ['Delivery', { RecordType: 'Delivery', Recipient: 'ada@x.test' }, { type: 'delivered' }],
    [
      'Open',
      { RecordType: 'Open', Recipient: 'ada@x.test', UserAgent: 'A', Geo: { IP: '192.0.2.1' } },
      { type: 'opened', userAgent: 'A', ip: '192.0.2.1' },
    ],
    [
      'Click',
      { RecordType: 'Click', Recipient: 'ada@x.test', OriginalLink: 'https://x.test/' },
      { type: 'clicked', url: 'https://x.test/' },
    ],
    ['SpamComplaint', { RecordType: 'SpamComplaint', Email: 'ada@x.test' }, { type: 'complained', suppress: true }],
    [
      'HardBounce',
      bounce('HardBounce'),
      { type: 'bounced', ...held, reason: 'bad-address', description: 'so it said' },
    ],
    ['BadEmailAddress', bounce('BadEmailAddress'), { type: 'bounced', ...held }],
    ['ManuallyDeactivated', bounce('ManuallyDeactivated'), { type: 'bounced', ...held }],
    ['SoftBounce', bounce('SoftBounce'), { type: 'bounced', ...refused, reason: 'soft-bounce' }],
    ['Blocked', bounce('Blocked'), { type: 'bounced', ...refused }],
    ['DMARCPolicy', bounce('DMARCPolicy'), { type: 'bounced', ...refused }],
    ['VirusNotification', bounce('VirusNotification'), { type: 'bounced', ...refused }],
    ['Transient', bounce('Transient'), { type: 'deferred', ...later }],
    ['DnsError', bounce('DnsError'), { type: 'deferred', ...later }],
    ['AutoResponder', bounce('AutoResponder'), { type: 'auto-replied' }],
    ['AddressChange', bounce('AddressChange'), { type: 'auto-replied' }],
    ['ChallengeVerification', bounce('ChallengeVerification'), { type: 'auto-replied' }],
    ['SpamNotification', bounce('SpamNotification'), { type: 'complained', suppress: true }],
    ['bounce SpamComplaint', bounce('SpamComplaint'), { type: 'complained', suppress: true }],
    ['Unsubscribe', bounce('Unsubscribe'), { type: 'unsubscribed' }],
    ['Subscribe', bounce('Subscribe'), { type: 'subscribed' }],
    ['SMTPApiError', bounce('SMTPApiError'), { type: 'rejected', ...refused }],
    ['TemplateRenderingFailed', bounce('TemplateRenderingFailed'), { type: 'rejected', ...refused }],
    ['a bounce of a new type', bounce('Haunted'), { type: 'unknown' }],
    [
      'SubscriptionChange by hand',
      change({ SuppressSending: true, SuppressionReason: 'ManualSuppression' }),
      { type: 'unsubscribed' },
    ],
    [
      'SubscriptionChange after a bounce',
      change({ SuppressSending: true, SuppressionReason: 'HardBounce' }),
      { type: 'bounced', ...held },
    ],
    [
      'SubscriptionChange after a complaint',
      change({ SuppressSending: true, SuppressionReason: 'SpamComplaint' }),
      { type: 'complained' },
    ],
    ['SubscriptionChange back', change({ SuppressSending: false }), { type: 'subscribed' }],
    ['something new', { RecordType: 'Teleport', Recipient: 'ada@x.test' }, { type: 'unknown' }],
  ];

  it.each(words)('%s', async (_, body, event) => {
    const authorization = `Basic ${Buffer.from('post:mark').toString('base64')}`;
    await says(parser, JSON.stringify({ MessageID: 'p-1', ...body }), { authorization }, event);
  });
});

describe('Mailgun', () => {
  const parser = new MailgunWebhook({ signingKey: 'key' }, { isForgery: async () => false });
  const failed = (severity: string, more: object = {}, status: object = {}) => ({
    event: 'failed',
    severity,
    'delivery-status': status,
    ...more,
  });
  const words: Word[] = [
    ['accepted', { event: 'accepted' }, { type: 'queued' }],
    ['delivered', { event: 'delivered' }, { type: 'delivered' }],
    [
      'opened',
      { event: 'opened', ip: '192.0.2.1', 'client-info': { 'user-agent': 'A' } },
      { type: 'opened', ip: '192.0.2.1' },
    ],
    ['clicked', { event: 'clicked', url: 'https://x.test/' }, { type: 'clicked', url: 'https://x.test/' }],
    ...Object.entries({
      apple: 'apple-mail-privacy',
      gmail: 'gmail-image-proxy',
      generic: 'security-scanner',
      new: 'provider',
    }).map(([bot, machine]): Word => [
      `opened by ${bot}`,
      { event: 'opened', 'client-info': { bot } },
      { type: 'opened', machine },
    ]),
    ['unsubscribed', { event: 'unsubscribed' }, { type: 'unsubscribed' }],
    ['complained', { event: 'complained' }, { type: 'complained', suppress: true }],
    [
      'rejected',
      { event: 'rejected', reject: { reason: 'Sandbox' } },
      { type: 'rejected', ...refused, description: 'Sandbox' },
    ],
    [
      'failed for now',
      failed('temporary', {}, { message: '4.2.2 mailbox full' }),
      { type: 'deferred', ...later, reason: 'mailbox-full' },
    ],
    [
      'failed: no such user',
      failed('permanent', {}, { code: 550, message: '5.1.1 no such user' }),
      { type: 'bounced', ...held, replyCode: 550 },
    ],
    [
      'failed: full',
      failed('permanent', {}, { code: 552, 'enhanced-code': '5.2.2' }),
      { type: 'bounced', ...refused, reason: 'mailbox-full' },
    ],
    [
      'failed: spam',
      failed('permanent', {}, { code: 550, message: 'looks like spam' }),
      { type: 'bounced', ...refused, reason: 'spam' },
    ],
    ['failed: old', failed('permanent', { reason: 'old' }), { type: 'bounced', ...refused, reason: 'expired' }],
    ['failed: suppress-bounce', failed('permanent', { reason: 'suppress-bounce' }), { type: 'rejected', ...held }],
    [
      'failed: suppress-complaint',
      failed('permanent', { reason: 'suppress-complaint' }),
      { type: 'rejected', ...held },
    ],
    [
      'failed: suppress-unsubscribe',
      failed('permanent', { reason: 'suppress-unsubscribe' }),
      { type: 'rejected', ...refused },
    ],
    [
      'failed with code 605',
      failed('permanent', {}, { code: 605 }),
      { type: 'rejected', ...held, reason: 'suppressed' },
    ],
    ['something new', { event: 'teleported' }, { type: 'unknown' }],
  ];

  it.each(words)('%s', async (_, body, event) => {
    const token = randomBytes(25).toString('hex');
    const timestamp = String(Math.trunc(Date.now() / 1_000));
    const signature = createHmac('sha256', 'key')
      .update(timestamp + token)
      .digest('hex');
    const data = { id: 'e', timestamp: Date.now() / 1_000, recipient: 'ada@x.test', ...body };
    const text = JSON.stringify({ signature: { token, timestamp, signature }, 'event-data': data });
    await says(parser, text, {}, event);
  });
});

describe('SendGrid', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const parser = new SendgridWebhook({
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  });
  const bounce = (more: object) => ({ event: 'bounce', type: 'bounce', reason: '550 refused', ...more });
  const words: Word[] = [
    ['processed', { event: 'processed' }, { type: 'queued' }],
    ['delivered', { event: 'delivered' }, { type: 'delivered' }],
    [
      'deferred',
      { event: 'deferred', response: '452 4.2.2 mailbox full' },
      { type: 'deferred', ...later, reason: 'mailbox-full' },
    ],
    ['bounce, Invalid Address', bounce({ bounce_classification: 'Invalid Address' }), { type: 'bounced', ...held }],
    [
      'bounce, Mailbox Unavailable',
      bounce({ bounce_classification: 'Mailbox Unavailable' }),
      { type: 'bounced', ...refused },
    ],
    [
      'bounce, unclassified, 5.1.1',
      bounce({ status: '5.1.1', bounce_classification: 'Unclassified' }),
      { type: 'bounced', ...held },
    ],
    ['blocked', bounce({ type: 'blocked', status: '5.1.1' }), { type: 'bounced', ...refused, reason: 'policy' }],
    ['dropped, bounced before', { event: 'dropped', reason: 'Bounced Address' }, { type: 'rejected', ...held }],
    ['dropped, unsubscribed', { event: 'dropped', reason: 'Unsubscribed Address' }, { type: 'rejected', ...refused }],
    ['open', { event: 'open', useragent: 'A', ip: '192.0.2.1' }, { type: 'opened', userAgent: 'A', ip: '192.0.2.1' }],
    ['open by a machine', { event: 'open', sg_machine_open: true }, { type: 'opened', machine: 'apple-mail-privacy' }],
    ['click', { event: 'click', url: 'https://x.test/' }, { type: 'clicked', url: 'https://x.test/' }],
    ['spamreport', { event: 'spamreport' }, { type: 'complained', suppress: true }],
    ['unsubscribe', { event: 'unsubscribe' }, { type: 'unsubscribed' }],
    ['group_unsubscribe', { event: 'group_unsubscribe' }, { type: 'unsubscribed' }],
    ['group_resubscribe', { event: 'group_resubscribe' }, { type: 'subscribed' }],
    ['something new', { event: 'teleport' }, { type: 'unknown' }],
  ];

  it.each(words)('%s', async (_, body, event) => {
    const at = Math.trunc(Date.now() / 1_000);
    const text = JSON.stringify([
      { email: 'ada@x.test', timestamp: at, sg_event_id: 'e', 'smtp-id': '<1@acme.test>', ...body },
    ]);
    const signature = createSign('sha256').update(`${at}${text}`).sign(privateKey, 'base64');
    const headers = {
      'x-twilio-email-event-webhook-signature': signature,
      'x-twilio-email-event-webhook-timestamp': String(at),
    };
    await says(parser, text, headers, event);
  });
});

describe('Resend', () => {
  const secret = randomBytes(24);
  const parser = new ResendWebhook({ secret: `whsec_${secret.toString('base64')}` });
  const bounce = (type: string, subType: string) => ({ type: 'email.bounced', data: { bounce: { type, subType } } });
  const words: Word[] = [
    ['email.scheduled', { type: 'email.scheduled' }, { type: 'queued' }],
    ['email.sent', { type: 'email.sent' }, { type: 'sent' }],
    ['email.delivered', { type: 'email.delivered' }, { type: 'delivered' }],
    ['email.delivery_delayed', { type: 'email.delivery_delayed' }, { type: 'deferred' }],
    ['email.bounced, Permanent', bounce('Permanent', 'General'), { type: 'bounced', ...held }],
    [
      'email.bounced, Transient',
      bounce('Transient', 'MailboxFull'),
      { type: 'bounced', ...refused, reason: 'mailbox-full' },
    ],
    ['email.complained', { type: 'email.complained' }, { type: 'complained', suppress: true }],
    ['email.opened', { type: 'email.opened', data: { open: { userAgent: 'A' } } }, { type: 'opened', userAgent: 'A' }],
    [
      'email.clicked',
      { type: 'email.clicked', data: { click: { link: 'https://x.test/' } } },
      { type: 'clicked', url: 'https://x.test/' },
    ],
    [
      'email.failed',
      { type: 'email.failed', data: { failed: { reason: 'no quota' } } },
      { type: 'rejected', description: 'no quota' },
    ],
    ['email.suppressed', { type: 'email.suppressed' }, { type: 'rejected', ...held }],
    ['something new', { type: 'email.teleported' }, { type: 'unknown' }],
  ];

  it.each(words)('%s', async (_, body, event) => {
    const { data = {}, ...rest } = body as { data?: object };
    const whole = {
      created_at: new Date().toISOString(),
      ...rest,
      data: { to: ['Ada <ada@x.test>'], email_id: 'r', ...data },
    };
    const text = JSON.stringify(whole);
    const at = Math.trunc(Date.now() / 1_000);
    const signature = createHmac('sha256', secret).update(`m.${at}.${text}`).digest('base64');
    await says(
      parser,
      text,
      { 'webhook-id': 'm', 'webhook-timestamp': String(at), 'webhook-signature': `v1,${signature}` },
      event,
    );
  });
});

async function says(
  parser: WebhookParser,
  text: string,
  headers: Record<string, string>,
  event: Record<string, unknown>,
): Promise<void> {
  const body = Buffer.from(text);
  const [told, ...more] = await parser.parse({ headers, body, url: '/' });
  expect(more).toEqual([]);
  expect(told).toMatchObject({ recipient: 'ada@x.test', ...event });
  // The same request again is the same event.
  expect((await parser.parse({ headers, body, url: '/' }))[0]!.id).toBe(told!.id);
  if (event['type'] === 'unknown') expect(told!.raw).toBeDefined();
}
