import { randomUUID } from 'node:crypto';
import { onTestFinished, describe, expect, it } from 'vitest';
import { MailEvents, type RelayOptions, SuppressionList } from '../../lib/index.js';
import { readConfiguration } from '../../lib/relay-configuration.js';
import { startRelay } from '../support/relay-application.js';
import { redisUrl } from '../support/servers.js';
import { faultyServer } from '../support/smtp/smtp-fixtures.js';
import { directTransport, dnsServer } from '../transport/direct/support.js';

const zone = {
  'good.test': { MX: '10 mx.good.test' },
  'mx.good.test': { A: '127.0.0.2' },
  'dead.test': { MX: '10 mx.dead.test' },
  'mx.dead.test': { A: '127.0.0.9' },
};
const soon = { delay: 1, maxDelay: 20 } as const;

async function relay(options: RelayOptions) {
  const application = await startRelay({ retry: soon, ...options });
  onTestFinished(() => application.close());
  return application;
}

const message = { subject: 'Hello', text: 'Hello.' } as const;

describe('a relay that delivers directly', () => {
  it('tries for five days, unless it is told otherwise', () => {
    const days = (options: object): number =>
      readConfiguration({ worker: {}, queue: { embedded: 'x' }, ...options }, 'default').defaults.retry.maxAge /
      86_400_000;
    expect(days({ transport: 'direct://?name=out.acme.test' })).toBe(5);
    expect(days({ transport: 'direct://?name=out.acme.test', retry: { maxAge: '1d' } })).toBe(1);
    expect(days({ transport: 'direct://?name=out.acme.test', retry: { delay: '1m' } })).toBe(5);
    expect(days({ transports: { log: 'log:', direct: 'direct://?name=out.acme.test' } })).toBe(1);
  });

  it('keeps on sending to others while a domain is dead, and gets through when it is back', async () => {
    const good = await faultyServer({ host: '127.0.0.2' });
    const { mail } = await relay({ transport: directTransport(await dnsServer(zone), { port: good.port }) });
    const waiting = await Promise.all([1, 2, 3, 4, 5].map(() => mail.send({ ...message, to: 'a@dead.test' })));
    for (const { id } of waiting)
      await expect.poll(async () => (await mail.status(id))!.attempts.length).toBeGreaterThan(0);
    const { id } = await mail.send({ ...message, to: 'b@good.test' });
    expect((await mail.wait(id, { timeout: '20s' })).recipients).toEqual([{ address: 'b@good.test', state: 'sent' }]);
    const back = await faultyServer({ host: '127.0.0.9', port: good.port });
    for (const one of waiting) expect((await mail.wait(one.id, { timeout: '20s' })).recipients[0]!.state).toBe('sent');
    expect(back.mails).toHaveLength(5);
  });

  it('writes down what one domain has taken while another one keeps it waiting, and tells it once', async () => {
    const good = await faultyServer({ host: '127.0.0.2' });
    const slow = await faultyServer({ host: '127.0.0.9', port: good.port });
    let goOn!: () => void;
    const later = new Promise<void>((resolve) => (goOn = resolve));
    slow.script = { dot: { after: later } };
    const application = await relay({ transport: directTransport(await dnsServer(zone), { port: good.port }) });
    const { mail } = application;
    const told: string[] = [];
    application.app.get(MailEvents).subscribe(({ type, recipient }) => told.push(`${type} ${recipient}`));
    const { id } = await mail.send({ ...message, to: ['a@dead.test', 'b@good.test'] });
    const states = async () => (await mail.status(id))!.recipients.map(({ state }) => state);
    // A worker that is lost now sends it to one of them again.
    await expect.poll(states).toEqual(['sending', 'sent']);
    goOn();
    await mail.wait(id, { timeout: '20s' });
    expect(await states()).toEqual(['sent', 'sent']);
    expect((await mail.status(id))!.attempts).toHaveLength(1);
    await expect
      .poll(() => told.filter((one) => one.startsWith('sent')).toSorted())
      .toEqual(['sent a@dead.test', 'sent b@good.test']);
  });

  it('comes again to a server that greylists, for those who were put off alone', async () => {
    const server = await faultyServer({ host: '127.0.0.2' });
    const seen = new Set<string>();
    server.script = {
      rcpt: ({ address }) => {
        if (address === 'b@good.test' || seen.has(address)) return undefined;
        seen.add(address);
        return '451 4.7.1 Greylisting in action, please come back';
      },
    };
    const direct = directTransport(await dnsServer(zone), { port: server.port, greylistDelay: 300 });
    const { mail } = await relay({ transport: direct });
    const { id } = await mail.send({ ...message, to: ['a@good.test', 'b@good.test'] });
    const status = await mail.wait(id, { timeout: '20s' });
    expect(status.recipients.map(({ state }) => state)).toEqual(['sent', 'sent']);
    expect(server.mails.map(({ to }) => to)).toEqual([['b@good.test'], ['a@good.test']]);
    const [first, second] = status.attempts;
    expect(second!.at.getTime() - first!.at.getTime()).toBeGreaterThanOrEqual(290);
  });

  it('holds a mail of which nobody knows whether a server took it, where that is wanted, and no other', async () => {
    const server = await faultyServer({ host: '127.0.0.2' });
    const lost = await faultyServer({ host: '127.0.0.9', port: server.port, script: { dot: { do: 'reset' } } });
    const direct = directTransport(await dnsServer(zone), { port: server.port });
    const { mail } = await relay({ transport: direct, onAmbiguous: 'hold' });
    const { id } = await mail.send({ ...message, to: ['a@dead.test', 'b@good.test'] });
    expect((await mail.wait(id, { timeout: '20s' })).recipients).toMatchObject([
      { address: 'a@dead.test', state: 'failed', error: { reason: 'ambiguous' } },
      { address: 'b@good.test', state: 'sent' },
    ]);
    expect(lost.mails).toHaveLength(1);
  });

  it('writes no more to a domain that is none', async () => {
    const { app, mail } = await relay({ transport: directTransport(await dnsServer(zone)) });
    const { id } = await mail.send({ ...message, to: 'a@nowhere.test' });
    expect((await mail.wait(id, { timeout: '20s' })).recipients).toMatchObject([
      { state: 'bounced', error: { enhancedCode: '5.1.2', reason: 'bad-domain' } },
    ]);
    const list = app.get(SuppressionList);
    await expect.poll(async () => (await list.check(['a@nowhere.test'])).size).toBe(1);
  });

  it('counts warm-ups over all of its processes', async () => {
    const server = await faultyServer({ host: '127.0.0.2' });
    const dns = await dnsServer(zone);
    const direct = () =>
      directTransport(dns, {
        port: server.port,
        addresses: [{ address: '127.0.1.1', name: 'out1.acme.test', warmup: { start: '3/day' } }],
      });
    const queue = { redis: await redisUrl(), name: `t-${randomUUID()}` };
    const relays = [await relay({ transport: direct(), queue }), await relay({ transport: direct(), queue })];
    const sent = await Promise.all(
      Array.from({ length: 8 }, (_, index) => relays[index % 2]!.mail.send({ ...message, to: `a${index}@good.test` })),
    );
    await server.until(() => server.mails.length === 3);
    // Somebody has found out, and the others wait for tomorrow without an attempt.
    const said = async (): Promise<string[]> => {
      const statuses = await Promise.all(sent.map(({ id }) => relays[0]!.mail.status(id)));
      return statuses.flatMap((status) => status!.attempts.flatMap(({ error }) => error?.message ?? []));
    };
    await expect.poll(async () => (await said()).join()).toContain('warm-up');
    expect(server.mails).toHaveLength(3);
  });
});
