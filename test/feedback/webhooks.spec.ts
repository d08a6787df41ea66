import { createHmac, createSign, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type AddressInfo } from 'node:net';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MailService, RelayModule, SuppressionList, type MailEvent } from '../../lib/index.js';
import { RelayWebhooksModule, WebhookRejectedError } from '../../lib/webhooks.js';
import { RecordingTransport } from '../support/recording.transport.js';
import { SNS_CERTIFICATE, SNS_KEY } from '../support/sns-certificate.js';
import { redisUrl } from '../support/servers.js';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:mail';
const CERTIFICATE_URL = 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem';
const MAILGUN_KEY = 'key-of-a-test';
const sendgrid = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const RESEND_SECRET = randomBytes(24);

describe.each([
  { name: 'Express', adapter: () => new ExpressAdapter() },
  { name: 'Fastify', adapter: () => new FastifyAdapter() },
])('webhooks on $name', ({ adapter }) => {
  let app: INestApplication;
  let url: string;
  let mail: MailService;
  const confirmed: string[] = [];

  beforeAll(async () => {
    const queue = { redis: await redisUrl(), name: `webhooks-${randomUUID()}` };
    @Module({
      imports: [
        RelayModule.forRoot({ from: 'Acme <hello@acme.test>', transport: new RecordingTransport(), queue }),
        RelayWebhooksModule.forRoot({
          maxBody: 100_000,
          ses: {
            topicArns: [TOPIC],
            fetchCertificate: async () => SNS_CERTIFICATE,
            confirm: async (confirmation) => void confirmed.push(confirmation),
          },
          postmark: { username: 'post', password: 'mark' },
          mailgun: { signingKey: MAILGUN_KEY },
          sendgrid: { publicKey: sendgrid.publicKey.export({ format: 'der', type: 'spki' }).toString('base64') },
          resend: { secret: `whsec_${RESEND_SECRET.toString('base64')}` },
          parsers: {
            own: {
              parse: async () => {
                throw new WebhookRejectedError(418, 'says a test');
              },
            },
          },
        }),
      ],
    })
    class AppModule {}
    app = await NestFactory.create(AppModule, adapter() as ExpressAdapter, { logger: false, abortOnError: false });
    app.setGlobalPrefix('api');
    await app.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}/relay/webhooks`;
    mail = app.get(MailService);
  });
  afterAll(() => app?.close());

  async function sent(to: string): Promise<{ id: string; messageId: string }> {
    const { id, messageId } = await mail.send({ to, subject: 'Hi', text: 'Hi' });
    await mail.wait(id);
    return { id, messageId };
  }

  async function post(
    provider: string,
    body: string | Uint8Array,
    headers: Record<string, string> = {},
  ): Promise<number> {
    const response = await fetch(`${url}/${provider}`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=UTF-8', ...headers },
      body: body as string,
    });
    expect(await response.text()).toBe('');
    return response.status;
  }

  async function told(id: string, type: MailEvent['type'], count = 1): Promise<MailEvent[]> {
    return eventually(async () => {
      const events = (await mail.status(id))!.events.filter(
        (event) => event.type === type && event.provider !== 'relay',
      );
      return events.length >= count ? events : undefined;
    });
  }

  it('takes what Amazon SES tells over SNS, from its own topics only, and confirms its subscriptions', async () => {
    const { id } = await sent('ses@x.test');
    const inner = {
      eventType: 'Bounce',
      mail: { messageId: 'ses-1', destination: ['ses@x.test'], tags: { 'relay-id': [id] } },
      bounce: {
        bounceType: 'Permanent',
        bounceSubType: 'NoEmail',
        timestamp: new Date().toISOString(),
        bouncedRecipients: [
          { emailAddress: 'ses@x.test', status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 no such user' },
        ],
      },
    };
    for (const version of ['1', '2']) {
      const message = sns({ Message: JSON.stringify(inner), MessageId: `m-${id}` }, version);
      expect(await post('ses', JSON.stringify(message))).toBe(200);
      expect(await post('ses', JSON.stringify({ ...message, Message: message['Message'] + ' ' }))).toBe(403);
      const elsewhere = { ...message, SigningCertURL: 'https://sns.eu-west-1.amazonaws.com.evil.test/x.pem' };
      expect(await post('ses', JSON.stringify(elsewhere))).toBe(403);
    }
    const [bounced] = await told(id, 'bounced');
    expect(bounced).toMatchObject({
      provider: 'ses',
      reason: 'bad-address',
      suppress: true,
      replyCode: 550,
      enhancedCode: '5.1.1',
    });
    const foreign = sns({ Message: '{}', MessageId: 'x', TopicArn: `${TOPIC}-of-another` });
    expect(await post('ses', JSON.stringify(foreign))).toBe(403);
    const old = sns({ Message: '{}', MessageId: 'x', Timestamp: '2020-01-01T00:00:00.000Z' });
    expect(await post('ses', JSON.stringify(old))).toBe(403);
    const confirmation = {
      Type: 'SubscriptionConfirmation',
      Message: 'Hi',
      MessageId: 'c',
      Token: 'a b',
      SubscribeURL: 'https://evil.test/',
    };
    expect(await post('ses', JSON.stringify(sns(confirmation)))).toBe(200);
    expect(confirmed.at(-1)).toBe(
      'https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A123456789012%3Amail&Token=a+b',
    );
    expect((await app.get(SuppressionList).check(['ses@x.test'])).get('ses@x.test')).toMatchObject({
      reason: 'bounced',
    });
  });

  it('takes what Postmark tells, with the right password', async () => {
    const { id } = await sent('postmark@x.test');
    const record = {
      RecordType: 'Delivery',
      Recipient: 'postmark@x.test',
      DeliveredAt: new Date().toISOString(),
      MessageID: (await mail.status(id))!.id,
      Metadata: {},
    };
    const body = JSON.stringify({ ...record, MessageID: `recorded-${id}` });
    const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
    expect(await post('postmark', body)).toBe(401);
    expect(await post('postmark', body, basic('post:office'))).toBe(401);
    expect(await post('postmark', body, basic('post:mark'))).toBe(200);
  });

  it('takes what Mailgun tells, a token once; the same again changes nothing', async () => {
    const { id, messageId } = await sent('mailgun@x.test');
    const data = (event: string, more: object = {}) => ({
      event,
      id: `e-${event}-${id}`,
      timestamp: Date.now() / 1_000,
      recipient: 'mailgun@x.test',
      message: { headers: { 'message-id': messageId.slice(1, -1) } },
      ...more,
    });
    const complained = mailgun(data('complained'));
    const delivered = mailgun(data('delivered'));
    expect(await post('mailgun', complained.body)).toBe(200);
    expect(await post('mailgun', delivered.body)).toBe(200);
    expect(await post('mailgun', complained.body)).toBe(200);
    expect(await post('mailgun', mailgun(data('something-new')).body)).toBe(200);
    const again = { ...JSON.parse(delivered.body), 'event-data': data('failed', { severity: 'permanent' }) };
    expect(await post('mailgun', JSON.stringify(again))).toBe(403);
    expect(await post('mailgun', mailgun(data('failed'), 'another key').body)).toBe(403);
    expect(await post('mailgun', mailgun(data('failed'), MAILGUN_KEY, Date.now() - 86_400_000).body)).toBe(403);
    await told(id, 'unknown');
    expect(await told(id, 'complained')).toHaveLength(1);
    await told(id, 'delivered');
    const status = (await mail.status(id))!;
    expect(status.recipients[0]!.state).toBe('complained');
    expect(status.events.some(({ type }) => type === 'bounced')).toBe(false);
  });

  it('takes what SendGrid and Resend tell, signed', async () => {
    const { id, messageId } = await sent('sendgrid@x.test');
    const events = JSON.stringify([
      {
        email: 'sendgrid@x.test',
        event: 'open',
        timestamp: Math.trunc(Date.now() / 1_000),
        'smtp-id': messageId,
        sg_event_id: `s-${id}`,
        useragent: 'A',
        ip: '192.0.2.1',
      },
    ]);
    const timestamp = String(Math.trunc(Date.now() / 1_000));
    const signature = createSign('sha256')
      .update(timestamp + events)
      .sign(sendgrid.privateKey, 'base64');
    const signed = {
      'x-twilio-email-event-webhook-signature': signature,
      'x-twilio-email-event-webhook-timestamp': timestamp,
    };
    expect(await post('sendgrid', events, signed)).toBe(200);
    expect(await post('sendgrid', events)).toBe(401);
    expect(await post('sendgrid', `${events} `, signed)).toBe(403);
    expect((await told(id, 'opened'))[0]).toMatchObject({ provider: 'sendgrid', userAgent: 'A', ip: '192.0.2.1' });
    const body = JSON.stringify({
      type: 'email.bounced',
      created_at: new Date().toISOString(),
      data: { to: ['r@x.test'], email_id: 'r-1', bounce: { type: 'Permanent', subType: 'General' } },
    });
    const headers = (at: number) => ({
      'svix-id': 'msg_1',
      'svix-timestamp': String(at),
      'svix-signature': `v1,${createHmac('sha256', RESEND_SECRET).update(`msg_1.${at}.${body}`).digest('base64')}`,
    });
    const now = Math.trunc(Date.now() / 1_000);
    expect(await post('resend', body, headers(now))).toBe(200);
    expect(await post('resend', body, headers(now - 3_600))).toBe(403);
    expect(await post('resend', `${body} `, headers(now))).toBe(403);
  });

  it('refuses what it cannot read, with the status that says why', async () => {
    expect(await post('nobody', '{}')).toBe(404);
    expect(await post('own', '{}')).toBe(418);
    expect((await fetch(`${url}/mailgun`)).status).toBe(405);
    expect(await post('mailgun', 'no json')).toBe(400);
    expect(await post('mailgun', new Uint8Array([0x7b, 0xff, 0x7d]))).toBe(400);
    expect(await post('mailgun', '['.repeat(20_000) + ']'.repeat(20_000))).toBe(400);
    expect(await post('mailgun', '[1]')).toBe(400);
    expect(await post('mailgun', '{}', { 'content-encoding': 'gzip' })).toBe(415);
    expect(await head(50_000_000)).toContain(' 413 ');
  });

  /** What comes back to a head that promises a body of so many bytes, of which none is sent. */
  async function head(length: number): Promise<string> {
    const { port, hostname, pathname } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST ${pathname}/mailgun HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return answer.toString().split('\r\n')[0]!;
  }
});

function sns(message: Record<string, string>, version = '2'): Record<string, string> {
  const whole: Record<string, string> = {
    Type: 'Notification',
    TopicArn: TOPIC,
    Timestamp: new Date().toISOString(),
    ...message,
  };
  const names = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
  const text = names.flatMap((name) => (whole[name] === undefined ? [] : `${name}\n${whole[name]}\n`)).join('');
  const signature = createSign(version === '1' ? 'RSA-SHA1' : 'RSA-SHA256')
    .update(text)
    .sign(SNS_KEY, 'base64');
  return { ...whole, SignatureVersion: version, Signature: signature, SigningCertURL: CERTIFICATE_URL };
}

function mailgun(data: object, key = MAILGUN_KEY, at = Date.now()): { body: string } {
  const token = randomBytes(25).toString('hex');
  const timestamp = String(Math.trunc(at / 1_000));
  const signature = createHmac('sha256', key)
    .update(timestamp + token)
    .digest('hex');
  return { body: JSON.stringify({ signature: { token, timestamp, signature }, 'event-data': data }) };
}

async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
