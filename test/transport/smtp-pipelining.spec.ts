import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { FaultySmtpServer } from '../support/smtp/faulty-smtp-server.js';
import { faultyServer, smtpFailure, transportTo } from '../support/smtp/smtp-fixtures.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';
import { localhost } from '../support/tls/localhost.js';
import { until } from '../support/recorder.js';

/** A way to the server that keeps all that goes over it. */
async function recorded(server: FaultySmtpServer) {
  const chunks: Buffer[] = [];
  const tap = createServer((client) => {
    const upstream = createConnection(server.port, server.host);
    client.on('data', (chunk) => chunks.push(chunk));
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(tap, 'listening');
  onTestFinished(() => void tap.close());
  const { port } = tap.address() as AddressInfo;
  return {
    host: '127.0.0.1',
    port,
    wire: () => Buffer.concat(chunks).toString('latin1'),
    /** Whether the end of a message and the next envelope came in one packet. */
    gathered: () => chunks.some((chunk) => chunk.includes('\r\n.\r\nMAIL')),
  };
}

function gate() {
  let open!: () => void;
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open };
}

/** Over one connection that has shown that its server is quick. */
async function quick(server: FaultySmtpServer, target = { host: server.host, port: server.port }) {
  const transport = transportTo(target, { connections: 1 });
  await transport.send(testMessage({ to: 'zero@x.test' }), sendContext());
  return {
    transport,
    send: (to: string, signal?: AbortSignal) =>
      transport.send(testMessage({ to }), sendContext(signal ? { signal } : {})),
  };
}

const recipients = (server: FaultySmtpServer): string[] => server.mails.flatMap(({ to }) => to);

describe('a message that others wait behind', () => {
  it('leaves together with the next envelope, and each is told its own outcome', async () => {
    const answer = gate();
    const script = {
      dot: ({ count }: { count: number }) =>
        count === 2 ? { after: answer.promise } : count === 3 ? '554 5.7.1 Not this one' : undefined,
    };
    const server = await faultyServer({ script });
    const tap = await recorded(server);
    const { send } = await quick(server, tap);
    const sends = [send('first@x.test'), smtpFailure(send('second@x.test')), send('third@x.test')] as const;
    await server.reached('dot', 2);
    await until(() => tap.wire().includes('second@x.test'));
    expect(tap.gathered()).toBe(true);
    expect(tap.wire()).toMatch(/\r\n\.\r\nMAIL FROM:<\S+>[^\r]*\r\nRCPT TO:<second@x\.test>\r\nDATA\r\n$/);
    answer.open();
    expect(await sends[0]).toMatchObject({ response: '250 2.0.0 Ok: queued' });
    expect(await sends[1]).toMatchObject({ phase: 'dot', permanent: true, replyCode: 554 });
    expect(await sends[2]).toMatchObject({ response: '250 2.0.0 Ok: queued' });
    expect(recipients(server)).toEqual(['zero@x.test', 'first@x.test', 'second@x.test', 'third@x.test']);
    expect(server.connections).toBe(1);
  });

  it.each(['reset', 'end', 'half-close'] as const)(
    'and whose answer is lost (%s) is the only ambiguous one: the next goes over a new connection',
    async (how) => {
      const server = await faultyServer({ script: { dot: ({ count }) => (count === 2 ? { do: how } : undefined) } });
      const { send } = await quick(server);
      const [first, second] = [smtpFailure(send('first@x.test')), send('second@x.test')];
      expect(await first).toMatchObject({ phase: 'dot', ambiguous: true });
      expect(await second).toMatchObject({ response: '250 2.0.0 Ok: queued' });
      expect(recipients(server)).toEqual(['zero@x.test', 'first@x.test', 'second@x.test']);
      expect(server.connections).toBe(2);
    },
  );

  it('and that is answered with 421 is refused, and the next goes over a new connection', async () => {
    const script = {
      dot: ({ count }: { count: number }) =>
        count === 2 ? ({ say: '421 4.3.2 Going down', thenClose: true } as const) : undefined,
    };
    const server = await faultyServer({ script });
    const { send } = await quick(server);
    const [first, second] = [smtpFailure(send('first@x.test')), send('second@x.test')];
    expect(await first).toMatchObject({ phase: 'dot', replyCode: 421, ambiguous: false });
    await second;
    expect(server.connections).toBe(2);
  });

  it('is not given up when the one behind it is', async () => {
    const answer = gate();
    const script = { dot: ({ count }: { count: number }) => (count === 2 ? { after: answer.promise } : undefined) };
    const server = await faultyServer({ script });
    const tap = await recorded(server);
    const { send } = await quick(server, tap);
    const controller = new AbortController();
    const sends = [
      send('first@x.test'),
      smtpFailure(send('second@x.test', controller.signal)),
      send('third@x.test'),
    ] as const;
    await until(() => tap.wire().includes('second@x.test'));
    controller.abort();
    expect(await sends[1]).toMatchObject({ code: 'ABORT_ERR' });
    answer.open();
    expect(await sends[0]).toMatchObject({ response: '250 2.0.0 Ok: queued' });
    await sends[2];
    expect(recipients(server)).toEqual(['zero@x.test', 'first@x.test', 'third@x.test']);
  });

  it('keeps them waiting for another connection when the server is slow', async () => {
    const slow = () => ({ after: new Promise((resolve) => setTimeout(resolve, 300)) });
    const server = await faultyServer({ script: { dot: slow } });
    const tap = await recorded(server);
    const { send } = await quick(server, tap);
    const sends = [send('first@x.test'), send('second@x.test')];
    await server.reached('dot', 2);
    await sends[0];
    expect(tap.gathered()).toBe(false);
    await sends[1];
  });

  it('leaves alone without PIPELINING', async () => {
    const server = await faultyServer({ extensions: [] });
    const tap = await recorded(server);
    const { send } = await quick(server, tap);
    await Promise.all([send('first@x.test'), send('second@x.test')]);
    expect(tap.gathered()).toBe(false);
  });
});

it('an envelope of which nobody was taken ends without a message, though the server says 354', async () => {
  const server = await faultyServer({ script: { rcpt: '550 5.1.1 No', data: '354 Go on' } });
  const transport = transportTo(server, { connections: 1 });
  expect(await transport.send(testMessage(), sendContext())).toMatchObject({ recipients: [{ state: 'bounced' }] });
  server.script = {};
  await transport.send(testMessage({ to: 'next@x.test' }), sendContext());
  expect(server.mails.map(({ to, raw }) => [to, raw.length])).toEqual([
    [[], 0],
    [['next@x.test'], expect.any(Number)],
  ]);
  expect(server.connections).toBe(1);
});

it('an answer that goes on and on is a failure of the transport', async () => {
  const server = await faultyServer({ script: { mail: `250-${'x'.repeat(1_000)}\n`.repeat(300) + '250 Ok' } });
  const error = await smtpFailure(transportTo(server).send(testMessage(), sendContext()));
  expect(error).toMatchObject({ phase: 'mail', scope: 'transport', code: 'EPROTOCOL', ambiguous: false });
});

it('words that a stranger puts behind the answer to STARTTLS are not believed', async () => {
  const server = await faultyServer({
    extensions: ['STARTTLS'],
    script: { starttls: '220 2.0.0 Go on\n250-evil.test\n250 AUTH PLAIN' },
  });
  const error = await smtpFailure(transportTo(server, { tls: 'required' }).send(testMessage(), sendContext()));
  expect(error).toMatchObject({ scope: 'transport', permanent: false });
  expect(server.transactions).toBe(0);
});

it('a server that lets us in and sends us away in one breath is told to all who wait, once', async () => {
  const server = await faultyServer({ script: { ehlo: '250 faulty.test\n421 4.7.0 Too many connections' } });
  const transport = transportTo(server, { connections: 2 });
  const errors = Promise.all(
    Array.from({ length: 5 }, () => smtpFailure(transport.send(testMessage(), sendContext()))),
  );
  for (const error of await errors) expect(error).toMatchObject({ scope: 'transport', permanent: false });
  expect(server.connections).toBeLessThanOrEqual(2);
});

it('an answer whose lines have different codes is no answer', async () => {
  const server = await faultyServer({ script: { dot: '250-2.0.0 Ok\n451 4.3.0 Not really' } });
  const error = await smtpFailure(transportTo(server).send(testMessage(), sendContext()));
  expect(error).toMatchObject({ phase: 'dot', code: 'EPROTOCOL', ambiguous: true });
});

it('a password does not go in clear through TLS that ends at a proxy', async () => {
  const server = await faultyServer({ extensions: ['AUTH PLAIN'] });
  const proxy = createTlsServer({ key: localhost.key, cert: localhost.cert }, (client) => {
    client.once('data', () => {
      client.write('HTTP/1.1 200 Ok\r\n\r\n');
      const upstream = createConnection(server.port, server.host);
      client.pipe(upstream).pipe(client);
      for (const socket of [client, upstream]) socket.on('error', () => {});
    });
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => void proxy.close());
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { port } = proxy.address() as AddressInfo;
  const transport = transportTo(
    { host: 'relay.test', port: 25 },
    { proxy: `https://localhost:${port}`, tls: 'opportunistic', auth: { user: 'ada', pass: 's3cret' } },
  );
  const error = await smtpFailure(transport.send(testMessage(), sendContext()));
  expect(error).toMatchObject({ phase: 'auth', code: 'EAUTH' });
  expect(server.count('ehlo')).toBe(1);
  expect(server.count('auth')).toBe(0);
});
