import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import {
  byDomain,
  failover,
  MailError,
  MailTransport,
  type QueueOptions,
  type RelayOptions,
  roundRobin,
  type TransportCapabilities,
} from '../../lib/index.js';
import { RecordingTransport, refuse } from '../support/recording.transport.js';
import { type RelayApplication, startRelay } from '../support/relay-application.js';
import { postgresUrl, redisUrl } from '../support/servers.js';

const running: RelayApplication[] = [];
const message = { to: 'ada@x.test', subject: 'x', text: 'x' } as const;
const soon = { delay: 1, maxDelay: 2 } as const;
const down = refuse({ scope: 'transport', code: 'ECONNREFUSED' }, 'connection refused');

async function relay<N extends string>(options: RelayOptions<N>) {
  const application = await startRelay({ retry: soon, ...(options as RelayOptions) });
  running.push(application);
  return application.mail;
}

function pair() {
  return { first: new RecordingTransport(), second: new RecordingTransport() };
}

async function sent(mail: RelayApplication['mail'], options: object = {}) {
  const { id } = await mail.send({ ...message, ...options });
  return mail.wait(id, { timeout: '20s' });
}

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()));
});

describe('failover', () => {
  it('moves a mail on when the transport is at fault, at once, and says why', async () => {
    const { first, second } = pair();
    const mail = await relay({
      transports: { first, second },
      route: failover('first', 'second'),
      retry: { delay: '1h' },
    });
    first.answer(down);
    const status = await sent(mail);
    expect(status.recipients).toEqual([{ address: 'ada@x.test', state: 'sent' }]);
    expect(status.attempts).toMatchObject([
      { transport: 'first', error: { message: 'connection refused', scope: 'transport' } },
      { transport: 'second', outcome: 'sent', passed: [{ transport: 'first', why: 'connection refused' }] },
    ]);
    expect(second.messages[0]!.messageId).toBe(first.messages[0]!.messageId);
  });

  it('leaves a transport alone that is down, and returns to it by itself once it answers', async () => {
    let isDown = true;
    const first = new RecordingTransport((...args) => (isDown ? down(...args) : undefined));
    const second = new RecordingTransport();
    const mail = await relay({ transports: { first, second }, route: failover('first', 'second') });
    for (let count = 0; count < 10; count++) await sent(mail);
    expect(second.messages).toHaveLength(10);
    // Three failures, and perhaps a probe or two.
    expect(first.messages.length).toBeLessThan(7);
    const passedOver = await sent(mail);
    expect(passedOver.attempts.at(-1)).toMatchObject({
      transport: 'second',
      passed: [{ transport: 'first', why: expect.stringContaining('connection refused') as string }],
    });
    isDown = false;
    const before = first.messages.length;
    while (first.messages.length === before) await sent(mail);
    expect((await sent(mail)).attempts).toMatchObject([{ transport: 'first' }]);
  });

  it.each([
    ['550', { scope: 'recipient', permanent: true }, 'bounced'],
    ['554', { scope: 'message', permanent: true }, 'bounced'],
    ['451', { scope: 'message' }, 'sent'],
  ] as const)('keeps a mail that is at fault itself where it is: %s', async (words, details, state) => {
    const { first, second } = pair();
    const mail = await relay({ transports: { first, second }, route: failover('first', 'second') });
    first.answer(refuse(details, words));
    expect((await sent(mail)).recipients[0]!.state).toBe(state);
    expect(second.messages).toEqual([]);
  });

  it('never moves a mail on that the transport may have taken, however down it is afterwards', async () => {
    const { first, second } = pair();
    const mail = await relay({ transports: { first, second }, route: failover('first', 'second') });
    first.answer(refuse({ ambiguous: true }, 'the answer was lost'), down, down);
    const status = await sent(mail);
    expect(status.recipients[0]!.state).toBe('sent');
    expect(status.attempts.map(({ transport }) => transport)).toEqual(['first', 'first', 'first', 'first']);
    expect(second.messages).toEqual([]);
  });

  it('moves on only those whom the transport has left without an answer', async () => {
    const { first, second } = pair();
    const mail = await relay({ transports: { first, second }, route: failover('first', 'second') });
    const error = new MailError('busy', { scope: 'transport' });
    first.answer(() => ({
      recipients: [
        { address: 'a@x.test', state: 'sent' },
        { address: 'b@x.test', state: 'deferred', error },
      ],
    }));
    await sent(mail, { to: ['a@x.test', 'b@x.test'] });
    expect(second.messages.map(({ envelope }) => envelope.to)).toEqual([['b@x.test']]);
  });

  it('has mails wait that find every transport down, and none of it counts against them', async () => {
    let isDown = true;
    const answer = (...args: Parameters<typeof down>) => (isDown ? down(...args) : undefined);
    const [first, second] = [new RecordingTransport(answer), new RecordingTransport(answer)];
    const mail = await relay({ transports: { first, second }, route: failover('first', 'second') });
    const ids = await Promise.all(Array.from({ length: 20 }, async () => (await mail.send(message)).id));
    await first.received(3);
    const asked = first.messages.length + second.messages.length;
    isDown = false;
    for (const id of ids) expect((await mail.wait(id, { timeout: '30s' })).recipients[0]!.state).toBe('sent');
    expect(asked).toBeLessThan(60);
  });

  it('bounces a mail as expired that found none until its time was over, with the reason', async () => {
    const first = new RecordingTransport(down);
    const mail = await relay({ transports: { first }, retry: { maxAge: '1500ms', delay: 20, maxDelay: 50 } });
    const status = await sent(mail);
    expect(status.recipients[0]).toMatchObject({
      state: 'bounced',
      error: { reason: 'expired', message: expect.stringContaining('connection refused') as string },
    });
  });
});

describe('other routes', () => {
  it('take turns, also as text, and pass over what is down', async () => {
    const { first, second } = pair();
    const mail = await relay({ transports: { first, second }, route: 'roundrobin(first second)' });
    for (let count = 0; count < 6; count++) await sent(mail);
    expect([first.messages.length, second.messages.length]).toEqual([3, 3]);
    first.answer(down, down, down);
    for (let count = 0; count < 4; count++) expect((await sent(mail)).recipients[0]!.state).toBe('sent');
  });

  it("divide a mail by its recipients' domains, each part with an outcome of its own", async () => {
    const { first, second } = pair();
    const mail = await relay({
      transports: { first, second },
      route: byDomain({ 'gmail.com': 'first', '*': 'second' }),
    });
    second.answer(refuse({ scope: 'message', permanent: true }, '554 no'));
    const status = await sent(mail, { to: ['a@gmail.com', 'b@x.test'] });
    expect(Object.fromEntries(status.recipients.map(({ address, state }) => [address, state]))).toEqual({
      'a@gmail.com': 'sent',
      'b@x.test': 'bounced',
    });
    expect(first.messages.map(({ envelope }) => envelope.to)).toEqual([['a@gmail.com']]);
  });

  it('refuse a recipient in send() that none of them fits', async () => {
    const { first } = pair();
    const mail = await relay({ transports: { first }, route: byDomain({ 'gmail.com': 'first' }) });
    await expect(mail.send(message)).rejects.toMatchObject({
      field: 'to',
      message: expect.stringContaining("'*'") as string,
    });
  });

  it('may be a function, which is asked in the worker and again when it fails', async () => {
    const { first, second } = pair();
    let asked = 0;
    const mail = await relay({
      transports: { first, second },
      route: ({ stream }) => {
        if (asked++ === 0) throw new Error('the settings are not there yet');
        return stream === 'broadcast' ? 'second' : roundRobin('first');
      },
    });
    const status = await sent(mail, { stream: 'broadcast' });
    expect(status.attempts).toMatchObject([{ transport: '', outcome: 'no route' }, { transport: 'second' }]);
    await sent(mail);
    expect(first.messages).toHaveLength(1);
  });

  it('are for mails that name no transport', async () => {
    const { first, second } = pair();
    const mail = await relay({ transports: { first, second }, route: failover('first', 'second') });
    await sent(mail, { transport: 'second' });
    expect(first.messages).toEqual([]);
    await expect(mail.send({ ...message, transport: 'third' })).rejects.toMatchObject({ field: 'transport' });
  });

  it.each([
    ['failover(first third)', 'names "third"'],
    ['first second', 'names "first second"'],
    [7, 'is a transport'],
    ['failover(first', 'needs a transport'],
  ])('are checked at start: %s', async (route, words) => {
    await expect(relay({ transports: pair(), route: route as never })).rejects.toThrow(words);
  });
});

describe('a feature that a transport lacks', () => {
  class Plain extends RecordingTransport {
    override readonly capabilities: TransportCapabilities = { tags: false };
  }

  it('passes the transport over, where another one of the route has it', async () => {
    const first = new Plain();
    const second = new RecordingTransport();
    const mail = await relay({ transports: { first, second }, route: failover('first', 'second') });
    const status = await sent(mail, { tags: ['welcome'] });
    expect(status.attempts).toMatchObject([
      { transport: 'second', passed: [{ transport: 'first', why: 'carries no tags' }] },
    ]);
  });

  it('is refused in send(), where none of the route has it, with those that do', async () => {
    const mail = await relay({
      transports: { first: new Plain(), second: new Plain(), third: new RecordingTransport() },
      route: failover('first', 'second'),
    });
    await expect(mail.send({ ...message, tags: ['welcome'] })).rejects.toMatchObject({
      name: 'UnsupportedFeatureError',
      feature: 'tags',
      transport: 'first',
      message: expect.stringContaining('transports that can: third') as string,
    });
  });

  it('bounces the mail, where only the worker could find it', async () => {
    const mail = await relay({
      transports: { first: new Plain(), other: new RecordingTransport() },
      route: () => 'first',
    });
    const status = await sent(mail, { tags: ['welcome'] });
    expect(status.recipients[0]).toMatchObject({
      state: 'bounced',
      error: { message: expect.stringContaining('carries no tags') as string },
    });
  });
});

describe('sendNow()', () => {
  it('tries each transport of the route once', async () => {
    const { first, second } = pair();
    const mail = await relay({ transports: { first, second }, route: failover('first', 'second') });
    first.answer(down, down);
    expect((await mail.sendNow(message)).recipients[0]!.state).toBe('sent');
    second.answer(refuse({ scope: 'transport' }, 'down as well'));
    await expect(mail.sendNow(message)).rejects.toThrow('down as well');
    expect([first.messages.length, second.messages.length]).toEqual([2, 2]);
  });

  it('is what the injected MailTransport does', async () => {
    const { first, second } = pair();
    const application = await startRelay({ transports: { first, second }, route: failover('first', 'second') });
    running.push(application);
    first.answer(down);
    const rendered = await application.mail.render(message);
    const context = { signal: new AbortController().signal, attempt: 1, idempotencyKey: 'k' };
    const result = await application.app.get(MailTransport).send(rendered, context);
    expect(result).toMatchObject({ recipients: [{ address: 'ada@x.test', state: 'sent' }] });
    expect(second.messages).toHaveLength(1);
  });
});

const backends: [string, () => Promise<QueueOptions>][] = [
  ['redis', async () => ({ redis: await redisUrl(), name: `t-${randomUUID()}` })],
  ['postgres', async () => ({ postgres: await postgresUrl() })],
];

describe.each(backends)('on %s', (_backend, options) => {
  it('what one process has found out of a transport, the others know', async () => {
    const queue = await options();
    const one = pair();
    const mail = await relay({ queue, transports: one, route: failover('first', 'second') });
    one.first.answer(...Array<typeof down>(50).fill(down));
    for (let count = 0; count < 4; count++) await sent(mail);
    await Promise.all(running.splice(0).map(({ close }) => close()));
    const other = pair();
    const second = await relay({
      queue,
      transports: other,
      route: failover('first', 'second'),
      worker: { concurrency: 1 },
    });
    const status = await sent(second);
    // By the pause's end it may already be its turn to probe; then the first one took the mail.
    if (other.first.messages.length === 0)
      expect(status.attempts.at(-1)!.passed![0]!.why).toContain('connection refused');
    expect(status.recipients[0]!.state).toBe('sent');
  });
});
