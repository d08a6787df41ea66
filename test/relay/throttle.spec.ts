import { afterEach, describe, expect, it } from 'vitest';
import { failover, type RelayOptions, type TransportSettings } from '../../lib/index.js';
import { RecordingTransport, refuse } from '../support/recording.transport.js';
import { type RelayApplication, startRelay } from '../support/relay-application.js';

const running: RelayApplication[] = [];
const message = { to: 'ada@x.test', subject: 'x', text: 'x' } as const;

async function relay<N extends string>(options: RelayOptions<N>) {
  const application = await startRelay(options as RelayOptions);
  running.push(application);
  return application.mail;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()));
});

describe('a mail that must wait', () => {
  it('is no failed attempt, and holds up no mail of another transport', async () => {
    const slow = new RecordingTransport();
    const fast = new RecordingTransport();
    const mail = await relay({
      transports: { slow: { use: slow, rate: '2/s' }, fast },
      worker: { concurrency: 1 },
    });
    const ids = await Promise.all(Array.from({ length: 5 }, async () => (await mail.send(message)).id));
    await slow.received(1);
    const other = await mail.send({ ...message, transport: 'fast' });
    await mail.wait(other.id, { timeout: '10s' });
    expect(slow.messages.length).toBeLessThan(5);
    for (const id of ids) expect((await mail.wait(id, { timeout: '20s' })).attempts).toHaveLength(1);
  });

  it('of high priority goes before those that came first', async () => {
    const slow = new RecordingTransport();
    const mail = await relay({ transport: { use: slow, rate: '5/s' } });
    await mail.sendMany(Array.from({ length: 30 }, () => message));
    await slow.received(2);
    const { id } = await mail.send({ ...message, subject: 'now', priority: 'high' });
    await mail.wait(id, { timeout: '10s' });
    expect(slow.messages.length).toBeLessThan(15);
  });
});

describe('a limit', () => {
  it('of attempts at once is kept over all mails', async () => {
    let under = 0;
    let most = 0;
    const transport = new RecordingTransport(async () => {
      most = Math.max(most, ++under);
      await new Promise((resolve) => setTimeout(resolve, 20));
      under--;
    });
    const mail = await relay({ transport: { use: transport, concurrency: 2 } });
    await mail.sendMany(Array.from({ length: 30 }, () => message));
    await transport.received(30);
    expect(most).toBe(2);
  });

  it('of a domain is for its recipients only', async () => {
    const transport = new RecordingTransport();
    const mail = await relay({ transport: { use: transport, perDomain: { 'gmail.com': { rate: '2/s' } } } });
    await mail.sendMany(Array.from({ length: 6 }, (_, n) => ({ ...message, to: n < 3 ? 'a@gmail.com' : 'b@x.test' })));
    await transport.received(6);
    expect(transport.messages.slice(-2).map(({ envelope }) => envelope.to)).toEqual([['a@gmail.com'], ['a@gmail.com']]);
  });

  it('that is a quota moves mails on to the next transport when it is used up', async () => {
    const first = new RecordingTransport();
    const second = new RecordingTransport();
    const mail = await relay({
      transports: { first: { use: first, quota: '3/day' }, second },
      route: failover('first', 'second'),
    });
    const ids = await Promise.all(Array.from({ length: 5 }, async () => (await mail.send(message)).id));
    for (const id of ids) await mail.wait(id, { timeout: '10s' });
    expect([first.messages.length, second.messages.length]).toEqual([3, 2]);
    const status = await mail.wait((await mail.send(message)).id, { timeout: '10s' });
    expect(status.attempts).toMatchObject([{ passed: [{ transport: 'first', why: 'its quota is used up' }] }]);
  });

  it("may be the provider's own", async () => {
    class Limited extends RecordingTransport {
      override async limits() {
        return { rate: '5/s', quota: '2/day' } as const;
      }
    }
    const first = new Limited();
    const second = new RecordingTransport();
    const mail = await relay({
      transports: { first: { use: first, rate: 'auto', quota: 'auto' }, second },
      route: failover('first', 'second'),
    });
    for (let count = 0; count < 4; count++) await mail.wait((await mail.send(message)).id, { timeout: '10s' });
    expect([first.messages.length, second.messages.length]).toEqual([2, 2]);
  });

  it('holds for sendNow(), which has no queue to wait in', async () => {
    const mail = await relay({ transport: { use: new RecordingTransport(), rate: '1/s' } });
    await mail.sendNow(message);
    await expect(mail.sendNow(message)).rejects.toMatchObject({ reason: 'rate', scope: 'transport' });
  });

  it.each([
    [{ rate: '14' }, 'transport.rate'],
    [{ rate: '0/s' }, 'transport.rate'],
    [{ quota: 'many' }, 'transport.quota'],
    [{ concurrency: 0 }, 'transport.concurrency'],
    [{ perDomain: { 'x.test': { rate: '1/year' } } }, 'transport.perDomain.x.test.rate'],
    [{ perDomain: { 'x.test': { speed: 1 } } }, 'transport.perDomain.x.test.speed'],
    [{ speed: 1 }, 'transport.speed'],
    [{ rate: 'auto' }, 'rate'],
  ])('that is none is refused at start: %j', async (settings, option) => {
    const transport = { use: 'memory:', ...settings } as TransportSettings;
    await expect(relay({ transport })).rejects.toMatchObject({
      name: 'RelayConfigurationError',
      message: expect.stringContaining(option) as string,
    });
  });
});

it('a provider that says "too fast" is not asked by anybody for as long as it says, and the mails go then', async () => {
  const transport = new RecordingTransport();
  const mail = await relay({ transport, retry: { delay: 1, maxDelay: 2 } });
  transport.answer(refuse({ scope: 'transport', reason: 'rate', retryAfter: '700ms' }, 'slow down'));
  const first = await mail.send(message);
  await transport.received(1);
  const asked = performance.now();
  const others = await Promise.all(Array.from({ length: 5 }, async () => (await mail.send(message)).id));
  await transport.received(2);
  expect(performance.now() - asked).toBeGreaterThan(600);
  for (const id of [first.id, ...others])
    expect((await mail.wait(id, { timeout: '20s' })).recipients[0]!.state).toBe('sent');
});
