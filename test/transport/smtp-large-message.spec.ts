import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { heldBytes } from '../support/held-bytes.js';
import { until } from '../support/recorder.js';
import { faultyServer, smtpFailure, transportTo } from '../support/smtp/smtp-fixtures.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';

const MB = 1024 * 1024;
// Every line begins with a dot, so what is not written in pieces is copied as a whole.
const raw = Buffer.concat([
  Buffer.from('Subject: large\r\n\r\n'),
  Buffer.alloc(20 * MB, `${'.'.padEnd(1022, 'x')}\r\n`),
]);

it('a slow reader of 20 MB is waited for, with little of it in memory at a time', async () => {
  const server = await faultyServer({ script: { data: () => (server.pause(), undefined) } });
  const sent = transportTo(server).send(testMessage({ raw }), sendContext());
  await server.reached('data');
  const before = heldBytes().outside;
  // Long enough to fill every buffer on the way.
  await new Promise((resolve) => setTimeout(resolve, 500));
  // What nobody uses is freed beside the program, and on a busy machine some time later.
  await until(() => heldBytes().outside - before < 4 * MB);
  server.resume();
  await sent;
  const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  expect(hash(server.mails[0]!.raw)).toBe(hash(raw));
});

it('a reader that stops in the middle is given up, and the message was not sent', async () => {
  const server = await faultyServer({ script: { data: () => (server.pause(), undefined) } });
  const transport = transportTo(server, { timeouts: { command: 1_000 } });
  const error = await smtpFailure(transport.send(testMessage({ raw }), sendContext()));
  expect(error).toMatchObject({ phase: 'data', code: 'ETIMEDOUT', scope: 'transport', ambiguous: false });
  expect(server.mails).toHaveLength(0);
});

it('a server that hangs up in the middle has not got the message', async () => {
  const server = await faultyServer({ script: { data: () => (server.pause(), undefined) } });
  const sent = smtpFailure(transportTo(server).send(testMessage({ raw }), sendContext()));
  await server.reached('data');
  await new Promise((resolve) => setTimeout(resolve, 100));
  server.hangUp('reset');
  expect(await sent).toMatchObject({ phase: 'data', scope: 'transport', permanent: false, ambiguous: false });
});

it('a server that refuses in the middle has its say, and its connection is not used again', async () => {
  const server = await faultyServer({ script: { data: '354 Go on\n552 5.3.4 Too much' } });
  const transport = transportTo(server);
  const error = await smtpFailure(transport.send(testMessage({ raw }), sendContext()));
  expect(error).toMatchObject({ phase: 'data', scope: 'message', permanent: true, reason: 'too-large' });
  server.script = {};
  await transport.send(testMessage(), sendContext());
  expect(server.connections).toBe(2);
});

it('a server that thanks us in the middle cannot have the message', async () => {
  const server = await faultyServer({ script: { data: '354 Go on\n250 2.0.0 Thanks' } });
  const error = await smtpFailure(transportTo(server).send(testMessage({ raw }), sendContext()));
  expect(error).toMatchObject({ phase: 'data', scope: 'transport', code: 'EPROTOCOL', ambiguous: false });
  expect(server.mails).toHaveLength(0);
});
