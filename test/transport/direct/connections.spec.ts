import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { faultyServer, smtpServer } from '../../support/smtp/smtp-fixtures.js';
import type { FaultySmtpServer } from '../../support/smtp/faulty-smtp-server.js';
import { directTransport, dnsServer, send, statesOf } from './support.js';

const zone = { 'acme.test': { MX: '10 mx.acme.test' }, 'mx.acme.test': { A: '127.0.0.2' } };

function many(count: number, domain = 'acme.test'): string[] {
  return Array.from({ length: count }, (_, index) => `user${index}@${domain}`);
}

describe('one connection', () => {
  it('carries a message to many recipients of a domain, and the next messages', async () => {
    const server = await smtpServer({ host: '127.0.0.2' });
    const direct = directTransport(await dnsServer(zone), { port: server.port });
    for (let index = 0; index < 5; index++) await send(direct, many(20));
    expect(server.connections).toBe(1);
    expect(server.mails.map(({ envelope }) => envelope.to.length)).toEqual([20, 20, 20, 20, 20]);
  });

  it('is shared by the domains that a server serves', async () => {
    const server = await smtpServer({ host: '127.0.0.2' });
    const dns = await dnsServer({ ...zone, 'other.test': { MX: '10 mx.acme.test' } });
    const direct = directTransport(dns, { port: server.port, connections: 1 });
    await send(direct, ['a@acme.test', 'b@other.test']);
    expect(server.connections).toBe(1);
    // A transaction for each domain all the same.
    const recipients = server.mails.map(({ envelope }) => envelope.to.join());
    expect(recipients.toSorted()).toEqual(['a@acme.test', 'b@other.test']);
  });

  it('is given up after its messages, or when nobody uses it', async () => {
    const server = await smtpServer({ host: '127.0.0.2' });
    const direct = directTransport(await dnsServer(zone), { port: server.port, messagesPerConnection: 2, idle: 50 });
    for (let index = 0; index < 3; index++) await send(direct, 'a@acme.test');
    expect(server.connections).toBe(2);
    await expect.poll(() => server.open).toBe(0);
  });

  it('is made anew when the server has hung up meanwhile', async () => {
    const server = await faultyServer({ host: '127.0.0.2' });
    server.script = { mail: ({ count }) => (count === 2 ? { do: 'reset' } : undefined) };
    const direct = directTransport(await dnsServer(zone), { port: server.port });
    for (const to of ['a@acme.test', 'b@acme.test']) expect(statesOf(await send(direct, to))).toBe(`${to} sent`);
    expect(server.connections).toBe(2);
  });
});

describe('too many recipients', () => {
  it.each(['452 4.5.3 Too many recipients', '552 5.5.3 Too many recipients', '452 Too many, try again later'])(
    'go in the next transaction at once: %s',
    async (answer) => {
      const server = await faultyServer({ host: '127.0.0.2' });
      let inTransaction = 0;
      server.script = {
        mail: () => void (inTransaction = 0),
        rcpt: () => (++inTransaction > 3 ? answer : undefined),
      };
      const direct = directTransport(await dnsServer(zone), { port: server.port });
      const { recipients } = await send(direct, many(10));
      expect(recipients.every(({ state }) => state === 'sent')).toBe(true);
      expect(server.mails.map(({ to }) => to.length)).toEqual([3, 3, 3, 1]);
      expect(server.connections).toBe(1);
    },
  );

  it('wait, where the server takes none at all', async () => {
    const server = await faultyServer({ host: '127.0.0.2', script: { rcpt: '452 4.5.3 Too many recipients' } });
    const direct = directTransport(await dnsServer(zone), { port: server.port });
    expect((await send(direct, many(2))).recipients).toMatchObject([{ state: 'deferred' }, { state: 'deferred' }]);
    expect(server.transactions).toBe(1);
  });

  it('are not given to a server that says how many it takes, nor more than 100', async () => {
    const server = await faultyServer({ host: '127.0.0.2', extensions: ['PIPELINING', 'LIMITS RCPTMAX=4 MAILMAX=9'] });
    const other = await faultyServer({ host: '127.0.0.3', port: server.port });
    const dns = await dnsServer({ ...zone, 'other.test': { A: '127.0.0.3' } });
    const direct = directTransport(dns, { port: server.port });
    await send(direct, [...many(10), ...many(230, 'other.test')]);
    expect(server.mails.map(({ to }) => to.length)).toEqual([4, 4, 2]);
    expect(other.mails.map(({ to }) => to.length)).toEqual([100, 100, 30]);
  });
});

describe('each recipient', () => {
  it('has an outcome of his own', async () => {
    const answers: Record<string, string> = {
      'full@acme.test': '452 4.2.2 Mailbox full',
      'gone@acme.test': '550 5.1.1 No such user',
      'grey@acme.test': '451 4.7.1 Try again later',
    };
    const server = await faultyServer({ host: '127.0.0.2', script: { rcpt: ({ address }) => answers[address] } });
    const direct = directTransport(await dnsServer(zone), { port: server.port });
    const { recipients } = await send(direct, ['ok@acme.test', ...Object.keys(answers)]);
    expect(recipients).toMatchObject([
      { state: 'sent' },
      { state: 'deferred', error: { reason: 'mailbox-full', scope: 'recipient' } },
      { state: 'bounced', error: { enhancedCode: '5.1.1' } },
      { state: 'deferred', error: { reason: 'greylisted', retryAfter: expect.any(Number) } },
    ]);
    expect(server.mails.map(({ to }) => to)).toEqual([['ok@acme.test']]);
  });

  it('has a return path of his own where there is one for each', async () => {
    const server = await faultyServer({ host: '127.0.0.2' });
    const direct = directTransport(await dnsServer(zone), {
      port: server.port,
      returnPath: (recipient) => `bounces+${recipient.replace('@', '=')}@sender.test`,
    });
    await send(direct, ['a@acme.test', 'b@acme.test']);
    expect(server.mails.map(({ from, to }) => [from, to])).toEqual([
      ['bounces+a=acme.test@sender.test', ['a@acme.test']],
      ['bounces+b=acme.test@sender.test', ['b@acme.test']],
    ]);
  });

  it('is told of his own server only: one server’s no is not another’s', async () => {
    const strict = await faultyServer({ host: '127.0.0.2', script: { dot: '552 5.2.3 Message too large' } });
    const other = await faultyServer({ host: '127.0.0.3', port: strict.port });
    const dns = await dnsServer({ ...zone, 'other.test': { A: '127.0.0.3' } });
    const { recipients } = await send(directTransport(dns, { port: strict.port }), ['a@acme.test', 'b@other.test']);
    expect(recipients).toMatchObject([
      { state: 'bounced', error: { scope: 'message', reason: 'too-large' } },
      { state: 'sent' },
    ]);
    expect(other.mails).toHaveLength(1);
  });

  it('is not held up by a domain that is slow', async () => {
    const slow = await faultyServer({ host: '127.0.0.2', script: { greeting: { do: 'hang' } } });
    const quick = await faultyServer({ host: '127.0.0.3', port: slow.port });
    const dns = await dnsServer({ ...zone, 'other.test': { A: '127.0.0.3' } });
    const direct = directTransport(dns, { port: slow.port, timeouts: { greeting: '20s' } });
    const giveUp = new AbortController();
    const answered = quick.until(() => quick.mails.length === 1);
    const sending = send(direct, ['a@acme.test', 'b@other.test'], { signal: giveUp.signal });
    await answered;
    // Its answer is on its way.
    await expect.poll(() => quick.count('dot')).toBe(1);
    giveUp.abort();
    expect(statesOf(await sending)).toBe('a@acme.test deferred, b@other.test sent');
    slow.hangUp('reset');
  });
});

describe('a server that leaves us waiting in the middle of a mail', () => {
  it('does so once, and not to each who stands in line for it', async () => {
    const hanging = await faultyServer({ host: '127.0.0.2', script: { mail: { do: 'hang' } } });
    const second = await faultyServer({ host: '127.0.0.3', port: hanging.port });
    const dns = await dnsServer({
      'acme.test': { MX: ['10 mx.acme.test', '20 second.acme.test'] },
      'mx.acme.test': { A: '127.0.0.2' },
      'second.acme.test': { A: '127.0.0.3' },
    });
    const direct = directTransport(dns, { port: hanging.port, connections: 1, timeouts: { command: 300 } });
    const results = await Promise.all(many(10).map((to) => send(direct, to)));
    expect(results.every(({ recipients }) => recipients[0]!.state === 'sent')).toBe(true);
    expect(hanging.count('mail')).toBe(1);
    expect(second.mails).toHaveLength(10);
  });

  it('is written to again once it answers', async () => {
    const now = performance.now.bind(performance);
    let later = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now() + later);
    onTestFinished(() => void vi.restoreAllMocks());
    const server = await faultyServer({ host: '127.0.0.2', script: { mail: { do: 'hang' } } });
    const direct = directTransport(await dnsServer(zone), { port: server.port, timeouts: { command: 300 } });
    expect(statesOf(await send(direct, 'a@acme.test'))).toBe('a@acme.test deferred');
    server.script = {};
    later = 1_001;
    expect(statesOf(await send(direct, 'a@acme.test'))).toBe('a@acme.test sent');
    expect(server.count('mail')).toBe(2);
  });
});

describe('connections', () => {
  it('are no more than allowed, to a server and in all', async () => {
    const servers: FaultySmtpServer[] = [];
    let most = 0;
    // One that has said QUIT is none any more.
    const count = (): undefined => {
      most = Math.max(
        most,
        servers.reduce((sum, server) => sum + server.connections - server.count('quit'), 0),
      );
    };
    const domains: Record<string, { A: string }> = {};
    for (let index = 0; index < 4; index++) {
      const host = `127.0.0.${index + 2}`;
      servers.push(await faultyServer({ host, port: servers[0]?.port ?? 0, script: { dot: count } }));
      domains[`domain${index}.test`] = { A: host };
    }
    const { port } = servers[0]!;
    const direct = directTransport(await dnsServer(domains), { port, connections: 2, maxConnections: 3 });
    const sending = Array.from({ length: 80 }, (_, index) => send(direct, `a@domain${index % 4}.test`));
    for (const { recipients } of await Promise.all(sending)) expect(recipients[0]!.state).toBe('sent');
    expect(servers.map(({ mails }) => mails.length)).toEqual([20, 20, 20, 20]);
    expect(most).toBeLessThanOrEqual(3);
  });

  it('to a domain with limits of its own are its own', async () => {
    const server = await faultyServer({ host: '127.0.0.2' });
    const direct = directTransport(await dnsServer(zone), {
      port: server.port,
      connections: 1,
      perDomain: { 'Acme.test': { connections: 3 } },
    });
    await Promise.all(Array.from({ length: 30 }, () => send(direct, 'a@acme.test')));
    expect(server.mails).toHaveLength(30);
    expect(server.connections).toBe(3);
  });

  it('are closed with the transport, which then sends nothing more', async () => {
    const server = await faultyServer({ host: '127.0.0.2' });
    const direct = directTransport(await dnsServer(zone), { port: server.port });
    await send(direct, 'a@acme.test');
    await direct.close();
    await expect.poll(() => server.open).toBe(0);
    await expect(send(direct, 'a@acme.test')).rejects.toMatchObject({ code: 'ECLOSED', scope: 'transport' });
  });
});

describe('what can still stop a mail', () => {
  it('stops it: nobody has it, and the reason comes through', async () => {
    const server = await faultyServer({ host: '127.0.0.2' });
    const direct = directTransport(await dnsServer(zone), { port: server.port });
    const cancelled = new Error('cancelled');
    await expect(send(direct, 'a@acme.test', { confirm: () => Promise.reject(cancelled) })).rejects.toBe(cancelled);
    await expect(send(direct, 'a@acme.test', { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    expect(server.mails).toHaveLength(0);
  });

  it('does not hide what was sent before', async () => {
    const server = await faultyServer({ host: '127.0.0.2' });
    const slow = await faultyServer({ host: '127.0.0.3', port: server.port });
    slow.script = { greeting: { after: server.until(() => server.mails.length === 1) } };
    const dns = await dnsServer({ ...zone, 'slow.test': { A: '127.0.0.3' } });
    const direct = directTransport(dns, { port: server.port });
    let confirmed = 0;
    const confirm = async (): Promise<void> => {
      if (++confirmed > 1) throw new Error('another worker has it');
    };
    const result = await send(direct, ['a@acme.test', 'b@slow.test'], { confirm });
    expect(statesOf(result)).toBe('a@acme.test sent, b@slow.test deferred');
    expect(slow.mails).toHaveLength(0);
  });
});
