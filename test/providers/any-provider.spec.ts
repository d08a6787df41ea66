import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Attach, Inline, Mail, type MailTransport, SmtpTransport } from '../../lib/index.js';
import { startRelay } from '../support/relay-application.js';
import { startSmtpServer } from '../support/smtp/start-smtp-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import type { ReceivedMessage } from './received-message.js';
import { sendStreakStage, STAGES } from './provider-stages.js';

const PDF = Buffer.from('%PDF-1.7 ü');
const PNG = Buffer.from([1, 2, 3, 255]);

@Mail<OrderMail>({ template: 'order', subject: 'Grüße, {{name}} 👋', headers: { 'X-Campaign': 'Frühling' } })
class OrderMail {
  constructor(readonly name: string) {}
  @Attach({ filename: 'Übersicht 📄.pdf' }) terms() {
    return PDF;
  }
  @Inline('logo', { contentType: 'image/png' }) readonly logo = PNG;
}

const html = '<p>Grüße, Ada &amp; Bob 👋 <img src="cid:logo"></p>';
const options = {
  from: 'Acme, Inc. 👋 <hello@acme.test>',
  to: [{ name: 'Doe, Ada', address: 'ada@x.test' }, 'Bob <bob@bücher.test>'],
  cc: { name: 'Zoë "Zed" O\'Brien', address: 'zoe@x.test' },
  bcc: 'secret@x.test',
  replyTo: ['Help <help@acme.test>', 'sales@acme.test'],
};
const everyone = ['ada@x.test', 'bob@xn--bcher-kva.test', 'secret@x.test', 'zoe@x.test'];

const expected: ReceivedMessage = {
  from: ['Acme, Inc. 👋 <hello@acme.test>'],
  to: ['Doe, Ada <ada@x.test>', 'Bob <bob@xn--bcher-kva.test>'],
  cc: ['Zoë "Zed" O\'Brien <zoe@x.test>'],
  replyTo: ['Help <help@acme.test>', ' <sales@acme.test>'],
  subject: 'Grüße, Ada & Bob 👋',
  text: 'Grüße, Ada & Bob 👋',
  html,
  attachments: [
    `logo image/png ${PNG.toString('base64')}`,
    `Übersicht 📄.pdf application/pdf ${PDF.toString('base64')}`,
  ],
  campaign: 'Frühling',
};

async function relay(transport: MailTransport, others: Record<string, string> = {}) {
  const dir = await temporaryFolder({
    'order.hbs': '<p>Grüße, {{name}} 👋 <img src="cid:logo"></p>',
    'order.txt.hbs': 'Grüße, {{name}} 👋',
  });
  const application = await startRelay({
    transports: { main: transport, ...others },
    route: 'main',
    templates: { dir },
    retry: { delay: 1, maxDelay: 2 },
  } as never);
  onTestFinished(() => application.close());
  const sent = async (more: object = {}) => {
    const { id } = await application.mail.send(new OrderMail('Ada & Bob'), { ...options, ...more });
    return application.mail.wait(id, { timeout: '20s' });
  };
  return { mail: application.mail, sent };
}

describe.each(STAGES)('through $name', ({ start, fields }) => {
  it('the same mail arrives as the same message, for the same recipients', async () => {
    const { transport, arrivals } = await start();
    const { sent } = await relay(transport);
    const more = fields ? { tags: ['welcome'], metadata: { plan: 'pro' } } : {};
    const status = await sent(more);
    expect(status.recipients.map(({ address, state }) => `${address} ${state}`).toSorted()).toEqual(
      everyone.map((address) => `${address} sent`),
    );
    const all = await arrivals();
    expect(all).toHaveLength(1);
    const [{ message, recipients, tags, metadata, raw }] = all as [(typeof all)[0]];
    expect(message).toEqual(expected);
    if (recipients.length > 0) expect(recipients.toSorted()).toEqual(everyone);
    // Nobody sees who was in bcc.
    expect(raw).not.toContain('secret@x.test');
    if (fields) expect([tags, metadata]).toEqual([['welcome'], expect.objectContaining({ plan: 'pro' })]);
  });

  it('what is for one provider is ignored by the others', async () => {
    const { transport, arrivals } = await start();
    const { sent } = await relay(transport);
    const status = await sent({ provider: { acme: { colour: 'blue' } } });
    expect(status.recipients.every(({ state }) => state === 'sent')).toBe(true);
    expect((await arrivals())[0]!.raw).not.toContain('colour');
  });
});

it.each(STAGES.filter(({ name }) => /SMTP|Google/.test(name)))(
  'through $name, an address that needs SMTPUTF8 bounces alone at a server without it',
  async ({ start }) => {
    const { transport, arrivals } = await start({ smtputf8: false });
    const { sent } = await relay(transport);
    const status = await sent({ to: ['ada@x.test', 'jürgen@x.test'], cc: [], bcc: [] });
    expect(Object.fromEntries(status.recipients.map(({ address, state }) => [address, state]))).toEqual({
      'ada@x.test': 'sent',
      'jürgen@x.test': 'bounced',
    });
    expect((await arrivals()).map(({ recipients }) => recipients)).toEqual([['ada@x.test']]);
  },
);

describe('through SendStreak', () => {
  it.each([
    ['cc', {}],
    ['headers', { cc: [] }],
  ])('a mail with %s is refused in send(), with the transports that can carry it', async (feature, more) => {
    const { transport, bodies } = await sendStreakStage();
    const { mail } = await relay(transport, { other: 'memory:' });
    await expect(mail.send(new OrderMail('Ada'), { ...options, ...more })).rejects.toMatchObject({
      name: 'UnsupportedFeatureError',
      feature,
      transport: 'main',
      message: expect.stringContaining('transports that can: other') as string,
    });
    expect(bodies()).toEqual([]);
  });

  it('what it can carry arrives as it does elsewhere', async () => {
    const { transport, bodies } = await sendStreakStage();
    const { mail } = await relay(transport);
    const attachments = [{ filename: 'Übersicht 📄.pdf', content: PDF }];
    const { id } = await mail.send({
      to: 'ada@x.test',
      template: 'order',
      context: { name: 'Ada & Bob' },
      subject: expected.subject,
      attachments,
    });
    expect((await mail.wait(id, { timeout: '10s' })).recipients[0]!.state).toBe('sent');
    expect(bodies()).toEqual([
      {
        rcpt: 'ada@x.test',
        templateSlug: 'relay',
        variables: {
          subject: expected.subject,
          html: expect.stringContaining('Grüße, Ada &amp; Bob') as string,
          text: expect.stringContaining(expected.text) as string,
        },
        attachments: [{ filename: 'Übersicht 📄.pdf', content: PDF.toString('base64') }],
      },
    ]);
  });
});

describe('a DKIM key', () => {
  it('that can sign is of every message', async () => {
    const server = await startSmtpServer({ tls: 'none' });
    onTestFinished(() => server.close());
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const dkim = { domain: 'acme.test', selector: 's1', privateKey };
    const { sent } = await relay(new SmtpTransport({ host: server.host, port: server.port, dkim } as never));
    await sent();
    expect(server.mails[0]!.raw.toString()).toMatch(/^DKIM-Signature: /m);
  });

  it('that cannot fails at start, and nothing is sent unsigned', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const dkim = { domain: 'acme.test', selector: 's1', privateKey };
    expect(() => new SmtpTransport({ host: '127.0.0.1', dkim } as never)).toThrow('smtp.dkim');
  });

  it('of a signer that breaks later bounces the mail with its reason, and nothing is sent unsigned', async () => {
    const server = await startSmtpServer({ tls: 'none' });
    onTestFinished(() => server.close());
    const sign = (): never => {
      throw new Error('the key is gone');
    };
    const { sent } = await relay(new SmtpTransport({ host: server.host, port: server.port, sign }));
    const status = await sent();
    expect(status.recipients[0]).toMatchObject({ state: 'bounced', error: { reason: 'unsigned' } });
    expect(server.mails).toEqual([]);
  });
});
