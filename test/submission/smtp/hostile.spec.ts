import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SmtpClient } from './smtp-client.js';
import { MESSAGE, openSubmission, tls } from './support.js';

const trusted = ['127.0.0.0/8'];

describe('a hostile client', () => {
  it.each([
    ['without a line end', 'x', /^550 5\.6\.0 A line is longer|^$/],
    ['in lines', `${'x'.repeat(62)}\r\n`, /^552 5\.3\.4 The message is larger|^$/],
  ])('of 1 GB %s takes no memory, and others are served', { timeout: 60_000 }, async (_what, line, answer) => {
    const { port, taken } = await openSubmission({ trusted });
    const [flood, other] = [await SmtpClient.connect(port), await SmtpClient.connect(port)];
    await flood.hello();
    await other.hello();
    await flood.begin();
    flood.write('From: ada@acme.test\r\n\r\n');
    const block = Buffer.alloc(1024 * 1024, line);
    const before = memory();
    let most = 0;
    for (let n = 0; n < 1_024 && !flood.socket.destroyed; n++) {
      if (!flood.write(block)) await flood.drained();
      most = Math.max(most, memory() - before);
      if (n % 20 === 0) expect(await other.send(MESSAGE)).toMatch(/^250 /);
    }
    expect(await flood.rest()).toMatch(answer);
    // The message so far, twice while its room grows.
    expect(most).toBeLessThan(96 * 1024 * 1024);
    expect(taken.every(({ raw }) => raw.includes('Hello there.'))).toBe(true);
  });

  it('that sends its message a byte at a time takes no more memory than the message', { timeout: 60_000 }, async () => {
    const { port } = await openSubmission({ trusted });
    const client = await SmtpClient.connect(port);
    await client.hello();
    await client.begin();
    client.write('From: ada@acme.test\r\n\r\n');
    const before = memory();
    const line = Buffer.from(`${'x'.repeat(30)}\r\n`);
    for (let n = 0; n < 40_000; n++) {
      client.write(line.subarray(n % 32, (n % 32) + 1));
      if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(memory() - before).toBeLessThan(32 * 1024 * 1024);
    client.write('\r\n.\r\n');
    expect(await client.reply()).toMatch(/^250 /);
  });

  it('with two thousand connections gets its fifty, and others are served', { timeout: 60_000 }, async () => {
    const { port } = await openSubmission({ maxConnections: 500 });
    const flood = await Promise.all(Array.from({ length: 2_000 }, () => SmtpClient.connect(port)));
    const other = await SmtpClient.connect(port, { localAddress: '127.0.0.2' });
    await other.hello();
    await other.logIn();
    expect(await other.send(MESSAGE)).toMatch(/^250 /);
    const greetings = await Promise.all(flood.map((client) => client.reply()));
    expect(greetings.filter((one) => one.startsWith('220'))).toHaveLength(50);
    expect(greetings.filter((one) => one.startsWith('421 mail.acme.test Too many connections'))).toHaveLength(1_950);
  });

  it('asks for recipients without end, and others are served', { timeout: 60_000 }, async () => {
    const { port } = await openSubmission({ trusted });
    const [flood, other] = [await SmtpClient.connect(port), await SmtpClient.connect(port)];
    await flood.hello();
    await other.hello();
    flood.write('MAIL FROM:<ada@acme.test>\r\n');
    flood.write(Array.from({ length: 100_000 }, (_, n) => `RCPT TO:<user${n}@x.test>\r\n`).join(''));
    expect(await other.send(MESSAGE)).toMatch(/^250 /);
    expect((await flood.rest()).trimEnd()).toMatch(/421 4\.5\.3 Too many recipients$/);
  });

  it('that never reads its replies is left, and others are served', async () => {
    const { port } = await openSubmission({ trusted, idleTimeout: 500, maxConnections: 2 });
    const [flood, other] = [await SmtpClient.connect(port), await SmtpClient.connect(port)];
    await other.hello();
    flood.socket.pause();
    for (let n = 0; n < 50; n++) flood.write('MAIL FROM:<ada@acme.test>\r\nRSET\r\n'.repeat(1_000));
    // Until its place is free.
    for (;;) {
      expect(await other.send(MESSAGE)).toMatch(/^250 /);
      if ((await (await SmtpClient.connect(port)).reply()).startsWith('220')) break;
    }
    flood.socket.destroy();
  });

  it('that hangs up anywhere leaves nothing behind', async () => {
    const { port, taken, submission } = await openSubmission({
      trusted,
      maxConnections: 3,
      maxBuffered: 100_000,
      maxSize: 100_000,
    });
    const whole = `EHLO x\r\nMAIL FROM:<ada@acme.test>\r\nRCPT TO:<bob@x.test>\r\nDATA\r\n${'From: ada@acme.test\r\n\r\n'}${'x\r\n'.repeat(25_000)}`;
    for (let at = 0; at < whole.length; at += 997) {
      const client = await SmtpClient.connect(port);
      const greeting = await client.reply();
      client.write(whole.slice(0, at));
      if (at % 2 === 0) client.socket.resetAndDestroy();
      else client.socket.destroy();
      // Its place may not be free yet.
      if (!greeting.startsWith('220')) at -= 997;
    }
    for (;;) {
      const client = await SmtpClient.connect(port);
      if (!(await client.reply()).startsWith('220')) continue;
      await client.ehlo();
      // The whole budget is there.
      const large = `${MESSAGE}${'x\r\n'.repeat(30_000)}`;
      const answer = await client.send(large);
      if (answer.startsWith('452')) continue;
      expect(answer).toMatch(/^250 /);
      break;
    }
    expect(taken).toHaveLength(1);
    expect(submission.addresses).toHaveLength(1);
  });
});

describe('a TLS handshake', () => {
  it.each(['implicit', 'starttls'] as const)('may break off anywhere: %s', { timeout: 60_000 }, async (kind) => {
    const { submission } = await openSubmission({
      listen: [{ port: 0, host: '127.0.0.1', tls: kind }],
      tls,
      trusted,
      maxConnections: 1_000,
    });
    const { port } = submission.addresses[0]!;
    const hello = await clientHello();
    const breaking = Array.from({ length: 400 }, async (_, n) => {
      const client = await SmtpClient.connect(port);
      if (kind === 'starttls') {
        await client.reply();
        client.write('STARTTLS\r\n');
        if (n % 3 > 0) await client.reply();
      }
      client.write(hello.subarray(0, (n * 7) % (hello.length + 1)));
      if (n % 5 > 0) await new Promise((resolve) => setTimeout(resolve, n % 20));
      if (n % 2 === 0) client.socket.resetAndDestroy();
      else client.socket.destroy();
    });
    await Promise.all(breaking);
    const other = await SmtpClient.connect(port, { tls: kind === 'implicit' });
    await other.hello();
    if (kind === 'starttls') {
      await other.say('STARTTLS');
      await other.startTls();
      await other.ehlo();
    }
    expect(await other.send(MESSAGE)).toMatch(/^250 /);
  });
});

describe('two thousand clients', () => {
  it('are served', { timeout: 60_000 }, async () => {
    const { port, taken } = await openSubmission({ trusted, maxConnections: 2_500 });
    const clients = await Promise.all(Array.from({ length: 2_000 }, () => SmtpClient.connect(port)));
    const answers = await Promise.all(
      clients.map(async (client) => {
        await client.hello();
        return client.send(MESSAGE);
      }),
    );
    expect(answers.filter((answer) => !answer.startsWith('250'))).toEqual([]);
    expect(taken).toHaveLength(2_000);
  });
});

/** What a client might say, right or wrong. */
const word = fc.constantFrom(
  'EHLO client.test\r\n',
  'HELO x\r\n',
  'MAIL FROM:<ada@acme.test>\r\n',
  'MAIL FROM:<> SIZE=10 BODY=8BITMIME\r\n',
  'RCPT TO:<bob@x.test> NOTIFY=NEVER\r\n',
  'RCPT TO:<bob@x.test>\r\n',
  'DATA\r\n',
  'From: ada@acme.test\r\nSubject: x\r\n\r\n',
  'From: ada@acme.test\r\nX-Relay-Tag: a\r\nX-Relay-Send-At: x\r\n\r\n',
  '.\r\n',
  '..\r\n',
  '\r\n.\r\n',
  '\n.\n',
  '\r.\r',
  '.',
  '\r',
  '\n',
  'RSET\r\n',
  'NOOP\r\n',
  'VRFY <ada>\r\n',
  'AUTH PLAIN\r\n',
  `AUTH PLAIN ${Buffer.from('\0ada\0secret').toString('base64')}\r\n`,
  'AUTH LOGIN\r\n',
  'AUTH XOAUTH2 !!!!\r\n',
  'WIZ x\r\nSHELL\r\nKILL\r\n',
  'XCLIENT ADDR=1.2.3.4\r\n',
  'BDAT 10 LAST\r\n',
  'MAIL FROM:<"\r\n',
  'STARTTLS\r\n',
  'EHLO x\r\nMAIL FROM:<ada@acme.test>\r\nRCPT TO:<bob@x.test>\r\nDATA\r\n',
  'From: ada@acme.test\r\n\r\nx\r\n.\r\n',
);
const noise = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'binary', maxLength: 50 }).map((text) => Buffer.from(text)),
  fc.nat(20_000).map((length) => Buffer.alloc(length, 'y')),
);
const piece = fc.oneof(
  { weight: 6, arbitrary: word.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: noise },
);
/** A whole transaction, nearly. */
const transaction = fc
  .array(piece, { maxLength: 2 })
  .map((inside) => [
    Buffer.from('EHLO x\r\nMAIL FROM:<ada@acme.test>\r\nRCPT TO:<bob@x.test>\r\nDATA\r\n'),
    Buffer.from('From: ada@acme.test\r\n\r\n'),
    ...inside,
    Buffer.from('\r\n.\r\n'),
  ]);
const said = fc
  .array(fc.oneof({ weight: 3, arbitrary: piece.map((one) => [one]) }, { weight: 1, arbitrary: transaction }), {
    maxLength: 30,
  })
  .map((pieces) => pieces.flat());

describe('whatever is said', () => {
  it.each([
    ['in clear', { listen: [{ port: 0, host: '127.0.0.1', tls: 'none' as const }], trusted }],
    ['with STARTTLS', { listen: [{ port: 0, host: '127.0.0.1', tls: 'starttls' as const }], tls, trusted }],
    ['by a stranger', { listen: [{ port: 0, host: '127.0.0.1', tls: 'none' as const }] }],
  ])(
    '%s, it is answered line by line, takes whole messages only, and serves on',
    { timeout: 60_000 },
    async (_what, options) => {
      const { port, taken } = await openSubmission({ ...options, idleTimeout: 100, maxSize: 50_000 });
      await fc.assert(
        fc.asyncProperty(said, fc.nat(64), async (pieces, size) => {
          const before = taken.length;
          const client = await SmtpClient.connect(port);
          await client.reply();
          for (const bytes of size === 0 ? [Buffer.concat(pieces)] : pieces) client.write(bytes);
          client.write('\r\n.\r\nQUIT\r\nQUIT\r\n');
          const text = await client.rest();
          // Within TLS nobody could read it.
          expect(text).toMatch(/^(?:\d{3}[ -][^\r\n]*\r\n)*$/);
          const queued = [...text.matchAll(/^250 2\.0\.0 Queued as mail-(\d+)/gm)].map(([, n]) => Number(n));
          expect(queued.every((n) => n > before && n <= taken.length)).toBe(true);
          for (const {
            raw,
            options: { envelope },
          } of taken.slice(before)) {
            expect(raw).not.toMatch(/\r(?!\n)|(?<!\r)\n/);
            expect(raw).toMatch(/^From: ada@acme\.test\r$/m);
            expect(envelope.to).toEqual(['bob@x.test']);
          }
        }),
        { numRuns: 150, endOnFailure: true },
      );
      const good = await SmtpClient.connect(port);
      await good.hello();
      expect(await good.send(MESSAGE)).toMatch('trusted' in options ? /^250 / : /^530 /);
      if ('trusted' in options) expect(taken.length).toBeGreaterThan(1);
    },
  );
});

/** The first bytes of a TLS client. */
async function clientHello(): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connectTls({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  server.close();
  return bytes;
}

/** Bytes outside of the JavaScript heap, where messages are, and in it. */
function memory(): number {
  const { external, heapUsed } = process.memoryUsage();
  return external + heapUsed;
}
