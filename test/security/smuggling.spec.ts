import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SmtpTransport } from '../../lib/index.js';
import { startRelay } from '../support/relay-application.js';
import { FaultySmtpServer } from '../support/smtp/faulty-smtp-server.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';

/** Ends of data that some server somewhere takes for one: https://sec-consult.com/blog/detail/smtp-smuggling-spoofing-e-mails-worldwide/ */
const ENDS = [
  '\n.\n',
  '\r.\r',
  '\n.\r\n',
  '\r\n.\n',
  '\r.\n',
  '\n.\r',
  '\r.\r\n',
  '\r\n.\r',
  '\r\n\0.\r\n',
  '\r\n.\r\n',
];
const SMUGGLED = 'MAIL FROM:<evil@evil.test>\r\nRCPT TO:<victim@x.test>\r\nDATA\r\nSubject: Smuggled\r\n\r\nevil';

/** A server, and all that comes to it byte for byte. */
async function recorded() {
  const server = await FaultySmtpServer.start();
  const chunks: Buffer[] = [];
  const tap = createServer((client) => {
    const upstream = createConnection(server.port, '127.0.0.1');
    client.on('data', (chunk) => chunks.push(chunk));
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(tap, 'listening');
  onTestFinished(async () => {
    tap.close();
    await server.close();
  });
  return { server, port: (tap.address() as AddressInfo).port, wire: () => Buffer.concat(chunks).toString('latin1') };
}

function dataOf(wire: string): string {
  const start = wire.indexOf('DATA\r\n') + 6;
  return wire.slice(start, wire.indexOf('\r\n.\r\n', start) + 5);
}

describe.each(ENDS)('an end of data in a body, %j', (end) => {
  it.each(['text', 'html'])('ends nothing in %s', async (part) => {
    const { server, port, wire } = await recorded();
    const relay = await startRelay({ transport: `smtp://127.0.0.1:${port}?tls=never`, worker: false });
    onTestFinished(() => relay.close());
    const body = `before${end}${SMUGGLED}`;
    await relay.mail.sendNow({ to: 'ada@x.test', subject: 'Hi', [part]: body } as never);
    expect(server.mails).toHaveLength(1);
    const senders = server.commands.filter((command) => command.startsWith('MAIL'));
    expect(senders).toEqual([expect.stringContaining('<hello@acme.test>')]);
    const data = dataOf(wire());
    expect(data.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    const words = (await simpleParser(server.mails[0]!.raw))[part as 'text'] ?? '';
    expect(words).toContain('MAIL FROM:<evil@evil.test>');
  });

  it('ends nothing in a message that was made elsewhere', async () => {
    const { server, port, wire } = await recorded();
    const transport = new SmtpTransport({ host: '127.0.0.1', port, tls: 'never' });
    onTestFinished(() => transport.close());
    const raw = Buffer.from(
      `From: a@x.test\r\nTo: ada@x.test\r\nSubject: Hi\r\n\r\nbefore${end}${SMUGGLED}\r\n`,
      'latin1',
    );
    await transport.send(Object.assign(testMessage(), { raw: async () => raw }), sendContext());
    expect(server.mails).toHaveLength(1);
    expect(server.commands.filter((command) => command.startsWith('MAIL'))).toHaveLength(1);
    expect(dataOf(wire()).replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });
});
