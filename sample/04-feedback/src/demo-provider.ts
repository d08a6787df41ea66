import { createHmac, createSign, randomBytes, randomUUID } from 'node:crypto';
import { DEMO_KEY } from './demo-certificate.js';
import { MAILGUN_SIGNING_KEY, POSTMARK, RESEND_SECRET, SENDGRID_KEYS, TOPIC_ARN } from './secrets.js';

export const PROVIDERS = ['ses', 'postmark', 'mailgun', 'sendgrid', 'resend'] as const;
export const KINDS = ['delivered', 'opened', 'bounced', 'complained'] as const;
export type Provider = (typeof PROVIDERS)[number];
export type Kind = (typeof KINDS)[number];

/** A mail that something happened to. */
export interface Subject {
  id: string;
  messageId: string;
  address: string;
}

export interface SignedRequest {
  headers: Record<string, string>;
  body: string;
}

/** What a provider posts, in its own words and signed as it signs. */
export function feedbackOf(provider: Provider, kind: Kind, subject: Subject): SignedRequest {
  return WRITERS[provider](kind, subject);
}

const WRITERS: Record<Provider, (kind: Kind, subject: Subject) => SignedRequest> = {
  ses: (kind, { id, address }) => {
    const timestamp = new Date().toISOString();
    const about: Record<Kind, object> = {
      delivered: { eventType: 'Delivery', delivery: { timestamp, recipients: [address] } },
      opened: { eventType: 'Open', open: { timestamp, userAgent: 'Demo/1.0', ipAddress: '192.0.2.1' } },
      bounced: {
        eventType: 'Bounce',
        bounce: {
          bounceType: 'Permanent',
          bounceSubType: 'General',
          timestamp,
          feedbackId: randomUUID(),
          bouncedRecipients: [
            {
              emailAddress: address,
              action: 'failed',
              status: '5.1.1',
              diagnosticCode: 'smtp; 550 5.1.1 no such user',
            },
          ],
        },
      },
      complained: {
        eventType: 'Complaint',
        complaint: {
          timestamp,
          feedbackId: randomUUID(),
          complaintFeedbackType: 'abuse',
          complainedRecipients: [{ emailAddress: address }],
        },
      },
    };
    const mail = { timestamp, messageId: `demo-${id}`, destination: [address], tags: { 'relay-id': [id] } };
    return { headers: { 'content-type': 'text/plain' }, body: JSON.stringify(sns({ ...about[kind], mail })) };
  },
  postmark: (kind, { id, address }) => {
    const now = new Date().toISOString();
    const about: Record<Kind, object> = {
      delivered: { RecordType: 'Delivery', Recipient: address, DeliveredAt: now },
      opened: { RecordType: 'Open', Recipient: address, ReceivedAt: now, FirstOpen: true, UserAgent: 'Demo/1.0' },
      bounced: {
        RecordType: 'Bounce',
        Type: 'HardBounce',
        TypeCode: 1,
        Email: address,
        BouncedAt: now,
        Description: 'No such user',
      },
      complained: { RecordType: 'SpamComplaint', Type: 'SpamComplaint', TypeCode: 512, Email: address, BouncedAt: now },
    };
    const login = Buffer.from(`${POSTMARK.username}:${POSTMARK.password}`).toString('base64');
    const ID = Math.trunc(Math.random() * 1e9);
    return json({ ...about[kind], ID, MessageID: `demo-${id}` }, { authorization: `Basic ${login}` });
  },
  mailgun: (kind, { messageId, address }) => {
    const about: Record<Kind, object> = {
      delivered: { event: 'delivered', 'delivery-status': { code: 250, message: 'OK' } },
      opened: { event: 'opened', ip: '192.0.2.1', 'client-info': { 'user-agent': 'Demo/1.0' } },
      bounced: {
        event: 'failed',
        severity: 'permanent',
        reason: 'bounce',
        'delivery-status': { code: 550, message: '5.1.1 no such user', 'enhanced-code': '5.1.1' },
      },
      complained: { event: 'complained' },
    };
    const token = randomBytes(25).toString('hex');
    const timestamp = String(Math.trunc(Date.now() / 1_000));
    const signature = createHmac('sha256', MAILGUN_SIGNING_KEY)
      .update(timestamp + token)
      .digest('hex');
    const message = { headers: { 'message-id': messageId.slice(1, -1) } };
    const data = { ...about[kind], id: randomUUID(), timestamp: Date.now() / 1_000, recipient: address, message };
    return json({ signature: { timestamp, token, signature }, 'event-data': data });
  },
  sendgrid: (kind, { messageId, address }) => {
    const about: Record<Kind, object> = {
      delivered: { event: 'delivered', response: '250 OK' },
      opened: { event: 'open', useragent: 'Demo/1.0', ip: '192.0.2.1' },
      bounced: {
        event: 'bounce',
        type: 'bounce',
        status: '5.1.1',
        reason: '550 5.1.1 no such user',
        bounce_classification: 'Invalid Address',
      },
      complained: { event: 'spamreport' },
    };
    const timestamp = String(Math.trunc(Date.now() / 1_000));
    const one = {
      ...about[kind],
      email: address,
      timestamp: Number(timestamp),
      'smtp-id': messageId,
      sg_event_id: randomUUID(),
    };
    const request = json([one]);
    const signature = createSign('sha256')
      .update(timestamp + request.body)
      .sign(SENDGRID_KEYS.privateKey, 'base64');
    Object.assign(request.headers, {
      'x-twilio-email-event-webhook-signature': signature,
      'x-twilio-email-event-webhook-timestamp': timestamp,
    });
    return request;
  },
  resend: (kind, { id, address }) => {
    const about: Record<Kind, object> = {
      delivered: { type: 'email.delivered' },
      opened: { type: 'email.opened', open: { ipAddress: '192.0.2.1', userAgent: 'Demo/1.0' } },
      bounced: {
        type: 'email.bounced',
        bounce: { type: 'Permanent', subType: 'General', message: '550 5.1.1 no such user' },
      },
      complained: { type: 'email.complained' },
    };
    const { type, ...more } = about[kind] as { type: string };
    const request = json({
      type,
      created_at: new Date().toISOString(),
      data: { email_id: `demo-${id}`, to: [address], ...more },
    });
    const [msg, at] = [`msg_${randomUUID()}`, Math.trunc(Date.now() / 1_000)];
    const signature = createHmac('sha256', RESEND_SECRET).update(`${msg}.${at}.${request.body}`).digest('base64');
    Object.assign(request.headers, {
      'svix-id': msg,
      'svix-timestamp': String(at),
      'svix-signature': `v1,${signature}`,
    });
    return request;
  },
};

function json(body: object, headers: Record<string, string> = {}): SignedRequest {
  return { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

/** https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html */
function sns(message: object): Record<string, string> {
  const signed: Record<string, string> = {
    Message: JSON.stringify(message),
    MessageId: randomUUID(),
    Timestamp: new Date().toISOString(),
    TopicArn: TOPIC_ARN,
    Type: 'Notification',
  };
  const text = Object.entries(signed)
    .map(([name, value]) => `${name}\n${value}\n`)
    .join('');
  return {
    ...signed,
    SignatureVersion: '2',
    Signature: createSign('RSA-SHA256').update(text).sign(DEMO_KEY, 'base64'),
    SigningCertURL: 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-demo.pem',
  };
}
