import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { QueueOptions } from '../../lib/index.js';
import { startRelay } from '../support/relay-application.js';
import { postgresUrl, redisUrl } from '../support/servers.js';
import { startDnsServer } from '../support/dns-server.js';
import { FaultySmtpServer } from '../support/smtp/faulty-smtp-server.js';
import { killed, startWorkerProcess } from '../support/worker-process.js';

/** An SMTP server, a process that only queues, and a way to start workers in processes of their own. */
async function stage(queue: QueueOptions) {
  const server = await FaultySmtpServer.start();
  const relay = await startRelay({ queue, worker: false });
  onTestFinished(async () => {
    await relay.close();
    await server.close();
  });
  const transport = `smtp://127.0.0.1:${server.port}?tls=never`;
  return { server, mail: relay.mail, worker: (options = {}) => startWorkerProcess({ queue, transport, ...options }) };
}

const message = { to: 'ada@x.test', subject: 'x', text: 'x' } as const;
const backends: [string, () => Promise<QueueOptions>][] = [
  ['redis', async () => ({ redis: await redisUrl(), name: `t-${randomUUID()}` })],
  ['postgres', async () => ({ postgres: await postgresUrl() })],
];

describe.each(backends)('on %s, a worker', (_backend, queue) => {
  it('that is killed before the final "." loses nothing, and nothing is sent twice', async () => {
    const { server, mail, worker } = await stage(await queue());
    server.script.data = ({ count }) => (count === 1 ? { do: 'hang' } : undefined);
    const first = await worker();
    const { id } = await mail.send(message);
    await server.reached('data');
    await killed(first);
    await worker();
    const status = await mail.wait(id, { timeout: '20s' });
    expect(status.recipients).toEqual([{ address: 'ada@x.test', state: 'sent' }]);
    expect(server.mails).toHaveLength(1);
  });

  it('that is killed after the final "." gives one duplicate at most, with the same Message-ID', async () => {
    const { server, mail, worker } = await stage(await queue());
    server.script.dot = ({ count }) => (count === 1 ? { do: 'hang' } : undefined);
    const first = await worker();
    const { id, messageId } = await mail.send(message);
    await server.reached('dot');
    await killed(first);
    await worker();
    await mail.wait(id, { timeout: '20s' });
    expect(server.mails).toHaveLength(2);
    for (const { raw } of server.mails) expect(raw.toString()).toContain(`Message-ID: ${messageId}`);
  });

  it('that is killed after the final "." leaves the mail to the same transport, even if that is down for now', async () => {
    const { server, mail, worker } = await stage(await queue());
    const other = await FaultySmtpServer.start();
    onTestFinished(() => other.close());
    const transports = {
      first: `smtp://127.0.0.1:${server.port}?tls=never`,
      second: `smtp://127.0.0.1:${other.port}?tls=never`,
    };
    const route = { transport: undefined, transports, route: 'failover(first second)' };
    server.script.dot = ({ count }) => (count === 1 ? { do: 'hang' } : undefined);
    const first = await worker(route);
    const { id } = await mail.send(message);
    await server.reached('dot');
    await killed(first);
    server.script.greeting = ({ count }) => (count < 4 ? '421 4.3.2 Not now' : undefined);
    await worker(route);
    const status = await mail.wait(id, { timeout: '20s' });
    expect(status.recipients[0]!.state).toBe('sent');
    expect(new Set(status.attempts.map(({ transport }) => transport))).toEqual(new Set(['first']));
    expect(other.connections).toBe(0);
  });

  it('that is killed while it sends leaves a dead letter where ambiguous mails are held', async () => {
    const { server, mail, worker } = await stage(await queue());
    server.script.dot = ({ count }) => (count === 1 ? { do: 'hang' } : undefined);
    const first = await worker({ onAmbiguous: 'hold' });
    const { id } = await mail.send(message);
    await server.reached('dot');
    await killed(first);
    await worker({ onAmbiguous: 'hold' });
    const status = await mail.wait(id, { timeout: '20s' });
    expect(status.recipients).toMatchObject([{ state: 'failed', error: { reason: 'ambiguous' } }]);
    expect(server.mails).toHaveLength(1);
  });

  it('that is killed between the copies of a tracked mail sends the others, and none twice but the one in doubt', async () => {
    const tracked = { tracking: { url: 'https://mail.acme.test/t', secret: 'a secret of this test' } };
    const options = await queue();
    const server = await FaultySmtpServer.start();
    const relay = await startRelay({ queue: options, worker: false, track: true, ...tracked });
    onTestFinished(async () => {
      await relay.close();
      await server.close();
    });
    const setting = { queue: options, transport: `smtp://127.0.0.1:${server.port}?tls=never`, ...tracked };
    server.script.dot = ({ count }) => (count === 3 ? { do: 'hang' } : undefined);
    const first = await startWorkerProcess(setting);
    const to = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}@x.test`);
    const { id } = await relay.mail.send({ to, subject: 'x', html: '<a href="https://acme.test/">x</a>' });
    await server.reached('dot', 3);
    await killed(first);
    await startWorkerProcess(setting);
    const status = await relay.mail.wait(id, { timeout: '20s' });
    expect(new Set(status.recipients.map(({ state }) => state))).toEqual(new Set(['sent']));
    const copies = server.mails.map(({ to: [address], raw }) => [address, raw.toString()] as const);
    expect(copies.map(([address]) => address)).toEqual([to[0], to[1], to[2], to[2], to[3], to[4]]);
    const links = copies.map(([, raw]) => /t\/c\/([\w=\r\n-]+)/.exec(raw)?.[1]);
    expect(links[3]).toBe(links[2]);
    expect(new Set(links).size).toBe(5);
  });

  it('that is killed while one of two domains keeps it waiting sends the mail to that one again, and not to the other', async () => {
    const quick = await FaultySmtpServer.start({ host: '127.0.0.2' });
    const slow = await FaultySmtpServer.start({ host: '127.0.0.9', port: quick.port });
    const dns = await startDnsServer({ 'quick.test': { A: '127.0.0.2' }, 'slow.test': { A: '127.0.0.9' } });
    slow.script.dot = ({ count }) => (count === 1 ? { do: 'hang' } : undefined);
    const options = await queue();
    const relay = await startRelay({ queue: options, worker: false });
    onTestFinished(() => Promise.all([relay.close(), quick.close(), slow.close(), dns.close()]).then(() => {}));
    const way = `port=${quick.port}&allowPrivate=true&mtaSts=false&tls=never&dns.servers=${dns.address}`;
    const setting = { queue: options, transport: `direct://?name=out.acme.test&${way}` };
    const first = await startWorkerProcess(setting);
    const { id } = await relay.mail.send({ to: ['a@slow.test', 'b@quick.test'], subject: 'x', text: 'x' });
    await slow.reached('dot');
    const states = async () => (await relay.mail.status(id))!.recipients.map(({ state }) => state);
    await expect.poll(states).toEqual(['sending', 'sent']);
    await killed(first);
    await startWorkerProcess(setting);
    const status = await relay.mail.wait(id, { timeout: '20s' });
    expect(status.recipients.map(({ state }) => state)).toEqual(['sent', 'sent']);
    expect([quick.mails.length, slow.mails.length]).toEqual([1, 2]);
  });

  it('that a mail takes down each time is spared: the mail becomes a dead letter with its reason', async () => {
    const { server, mail, worker } = await stage(await queue());
    server.script.data = { do: 'hang' };
    const { id } = await mail.send(message);
    for (let crash = 1; crash <= 2; crash++) {
      const victim = await worker();
      await server.reached('data', crash);
      await killed(victim);
    }
    server.script.data = undefined;
    await worker();
    const status = await mail.wait(id, { timeout: '20s' });
    expect(status.recipients).toMatchObject([{ state: 'failed', error: { reason: 'stalled' } }]);
    // Nothing of it is lost: once the cause is mended, it can be sent.
    expect(await mail.retry(id)).toBe(true);
    expect((await mail.wait(id, { timeout: '20s' })).recipients[0]!.state).toBe('sent');
    expect(server.mails).toHaveLength(1);
  });

  it('that wakes up after its lock is lost does not send what another worker has sent', async () => {
    const { server, mail, worker } = await stage(await queue());
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    server.script.mail = ({ count }) => (count === 1 ? { after: held } : undefined);
    const zombie = await worker();
    const { id } = await mail.send(message);
    await server.reached('mail');
    zombie.kill('SIGSTOP');
    await worker();
    await mail.wait(id, { timeout: '20s' });
    zombie.kill('SIGCONT');
    answer();
    // It goes as far as it can: its transaction is at an end when it leaves, or asks for DATA in vain.
    zombie.kill('SIGTERM');
    await once(zombie, 'exit');
    expect(server.mails).toHaveLength(1);
    expect((await mail.status(id))!.recipients).toEqual([{ address: 'ada@x.test', state: 'sent' }]);
  });

  it('that shuts down lets the mail in flight finish and takes no other', async () => {
    const { server, mail, worker } = await stage(await queue());
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    server.script.dot = ({ count }) => (count === 1 ? { after: held } : undefined);
    const leaving = await worker();
    const { id } = await mail.send(message);
    await server.reached('dot');
    leaving.kill('SIGTERM');
    await once(leaving, 'message');
    const second = await mail.send(message);
    answer();
    await once(leaving, 'exit');
    expect((await mail.status(id))!.recipients[0]!.state).toBe('sent');
    expect((await mail.status(second.id))!.recipients[0]!.state).toBe('queued');
    await worker();
    await mail.wait(second.id, { timeout: '20s' });
    expect(server.mails).toHaveLength(2);
  });
});
