import { afterEach, describe, expect, it } from 'vitest';
import { MailEvents, MailFeedback, SuppressionList, type MailEvent, type RelayOptions } from '../../../lib/index.js';
import { RecordingTransport } from '../../support/recording.transport.js';
import { startRelay, type RelayApplication } from '../../support/relay-application.js';
import { faultyServer, transportTo } from '../../support/smtp/smtp-fixtures.js';
import { complaint, FROM_SERVER, mail as written, notification } from './reports.js';

const BOUNCES = { address: 'bounces@acme.test', secret: 'a secret that nobody knows' };
const NO_USER = { action: 'failed', status: '5.1.1', diagnostic: '550 5.1.1 no such user' };

let relay: RelayApplication | undefined;
afterEach(async () => {
  await relay?.close();
  relay = undefined;
});

async function open(options: RelayOptions = {}) {
  const wire = new RecordingTransport();
  relay = await startRelay({ transports: { wire }, ...options });
  const { app, mail } = relay;
  const sent = async (to: string | string[]) => {
    const { id, messageId } = await mail.send({ to, subject: 'Hi', text: 'Hi' });
    await mail.wait(id);
    return { id, messageId, from: wire.messages.at(-1)!.envelope.from };
  };
  return { mail, sent, feedback: app.get(MailFeedback), list: app.get(SuppressionList) };
}

describe('a bounce that comes to the mail’s own return path', () => {
  const report = (to: string, recipient = 'ada@x.test') =>
    notification('It failed.', [{ final: recipient, ...NO_USER }]).replace(`To: ${FROM_SERVER.To}`, `To: <${to}>`);

  it('is found, recorded and acted upon, once', async () => {
    const { mail, sent, feedback, list } = await open({ bounces: BOUNCES });
    const { id, from } = await sent('ada@x.test');
    expect(from).toMatch(/^bounces\+[a-z2-7]{30}=[a-z2-7]{16}@acme\.test$/);
    const told = await feedback.ingest(report(from));
    expect(told.report).toMatchObject({ kind: 'bounce', recipients: [{ address: 'ada@x.test', status: '5.1.1' }] });
    expect(told.events).toMatchObject([
      { type: 'bounced', recipient: 'ada@x.test', mailId: id, enhancedCode: '5.1.1', suppress: true, provider: 'mail' },
    ]);
    expect((await mail.status(id))!.recipients).toMatchObject([{ state: 'bounced', error: { reason: 'bad-address' } }]);
    expect(await list.check(['ada@x.test'])).toHaveLength(1);
    expect((await feedback.ingest(report(from))).events).toEqual([]);
    expect((await mail.status(id))!.events.filter(({ type }) => type === 'bounced')).toHaveLength(1);
  });

  it('is of whom the path names, though the report names whom he forwards to', async () => {
    const { sent, feedback, list } = await open({ bounces: BOUNCES });
    const { from } = await sent('ada@x.test');
    expect((await feedback.ingest(report(from, 'elsewhere@y.test'))).events).toMatchObject([
      { recipient: 'ada@x.test' },
    ]);
    expect((await list.check(['ada@x.test', 'elsewhere@y.test'])).size).toBe(1);
  });

  it('survives a host that changes letters to capitals', async () => {
    const { sent, feedback } = await open({ bounces: BOUNCES });
    const { from } = await sent('ada@x.test');
    expect((await feedback.ingest(report(from.toUpperCase()))).events).toHaveLength(1);
  });

  it.each<[string, (from: string) => string]>([
    ['with another signature', (from) => from.replace(/=(.)/, (_, first: string) => `=${first === 'a' ? 'b' : 'a'}`)],
    ['with another mail', (from) => from.replace(/\+(.)/, (_, first: string) => `+${first === 'a' ? 'b' : 'a'}`)],
    ['with none', () => 'bounces@acme.test'],
    ['at another domain', (from) => from.replace('@acme.test', '@evil.test')],
    ['of a secret that is not ours', (from) => from.replace(/=.*@/, '=aaaaaaaaaaaaaaaa@')],
  ])('counts for nothing %s', async (_, forge) => {
    const { mail, sent, feedback, list } = await open({ bounces: BOUNCES });
    const { id, messageId, from } = await sent('ada@x.test');
    const forged = report(forge(from)).replace('<order-1@acme.test>', messageId);
    const { report: read, events } = await feedback.ingest(forged);
    expect(read.kind).toBe('bounce');
    expect(events).toEqual([]);
    expect((await mail.status(id))!.recipients).toMatchObject([{ state: 'sent' }]);
    expect((await list.check(['ada@x.test'])).size).toBe(0);
  });
});

describe('a bounce without signed return paths', () => {
  it('is found by the Message-ID of the mail that it returns', async () => {
    const { mail, sent, feedback, list } = await open();
    const { id, messageId } = await sent(['ada@x.test', 'bob@y.test']);
    const source = notification('It failed.', [{ final: 'ADA@x.test', ...NO_USER }]).replace(
      '<order-1@acme.test>',
      messageId,
    );
    expect((await feedback.ingest(Buffer.from(source))).events).toMatchObject([
      { type: 'bounced', recipient: 'ada@x.test' },
    ]);
    expect((await mail.status(id))!.recipients.map(({ state }) => state)).toEqual(['bounced', 'sent']);
    expect((await list.check(['ada@x.test', 'bob@y.test'])).size).toBe(1);
  });

  it.each([
    ['for a mail that is not ours', '<4711@elsewhere.test>', 'ada@x.test'],
    ['for a mail with an id like ours', '<00000000-0000-4000-8000-000000000000@acme.test>', 'ada@x.test'],
    ['for one whom the mail was not for', undefined, 'eve@z.test'],
  ])('counts for nothing %s', async (_, messageId, recipient) => {
    const { mail, sent, feedback, list } = await open();
    const own = await sent('ada@x.test');
    const source = notification('It failed.', [{ final: recipient, ...NO_USER }]);
    const { events } = await feedback.ingest(source.replace('<order-1@acme.test>', messageId ?? own.messageId));
    expect(events).toEqual([]);
    expect((await mail.status(own.id))!.events.map(({ type }) => type)).not.toContain('bounced');
    expect((await list.check(['ada@x.test', 'eve@z.test'])).size).toBe(0);
  });
});

describe('other reports by mail', () => {
  it('a complaint holds its recipient back, an auto-reply nobody', async () => {
    const { mail, sent, feedback, list } = await open();
    const { id, messageId } = await sent(['ada@x.test', 'bob@y.test']);
    const angry = complaint('Feedback-Type: abuse\nOriginal-Rcpt-To: <ada@x.test>\n').replace(
      '<order-1@acme.test>',
      messageId,
    );
    expect((await feedback.ingest(angry)).events).toMatchObject([
      { type: 'complained', feedbackType: 'abuse', recipient: 'ada@x.test' },
    ]);
    const away = written(
      { From: 'bob@y.test', To: 'hello@acme.test', Subject: 'Out of office: Hi', 'In-Reply-To': messageId },
      'Away until Monday.',
    );
    expect((await feedback.ingest(away)).events).toMatchObject([{ type: 'auto-replied', recipient: 'bob@y.test' }]);
    expect((await mail.status(id))!.recipients.map(({ state }) => state)).toEqual(['complained', 'delivered']);
    expect([...(await list.check(['ada@x.test', 'bob@y.test'])).keys()]).toEqual(['ada@x.test']);
  });

  it('a letter says nothing', async () => {
    const { sent, feedback } = await open();
    const { messageId } = await sent('ada@x.test');
    const letter = written(
      { From: 'ada@x.test', To: 'hello@acme.test', Subject: 'Re: Hi', 'In-Reply-To': messageId },
      '550 5.1.1 no',
    );
    expect(await feedback.ingest(letter)).toMatchObject({ report: { kind: 'none' }, events: [] });
  });
});

describe('what a server answers to the relay itself', () => {
  it.each([
    ['550 5.1.1 No such user', 'bad-address', 1],
    ['550 Requested action not taken: mailbox unavailable', 'bad-address', 1],
    ['550 5.1.2 No such domain', 'bad-domain', 1],
    ['551 5.1.6 Ada has moved to elsewhere', 'moved', 1],
    ['552 5.2.2 Mailbox full', 'mailbox-full', 0],
    ['550 5.7.1 Your address is on a block list', 'blocked', 0],
    ['550 5.7.26 Does not pass DMARC', 'authentication', 0],
    ['550 Go away', 'other', 0],
  ])('%s: %s, and is held back: %d', async (answer, reason, held) => {
    const server = await faultyServer({ script: { rcpt: () => answer } });
    const { mail, list } = await open({ transports: { smtp: transportTo(server) } });
    const events: MailEvent[] = [];
    const following = relay!.app.get(MailEvents).subscribe((event) => events.push(event));
    const { id } = await mail.send({ to: 'ada@x.test', subject: 'Hi', text: 'Hi' });
    expect((await mail.wait(id)).recipients).toMatchObject([{ state: 'bounced' }]);
    const bounced = await new Promise<MailEvent>((resolve) => {
      const look = () => events.find(({ type }) => type === 'bounced');
      const timer = setInterval(() => look() && (clearInterval(timer), resolve(look()!)), 5);
    });
    expect(bounced).toMatchObject({ reason, suppress: held === 1, permanent: true });
    expect((await list.check(['ada@x.test'])).size).toBe(held);
    following.unsubscribe();
  });
});
