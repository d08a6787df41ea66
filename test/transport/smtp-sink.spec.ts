import { expect, it, onTestFinished } from 'vitest';
import { transportTo } from '../support/smtp/smtp-fixtures.js';
import { startSmtpSink } from '../support/smtp/smtp-sink.mjs';
import { sendContext, testMessage } from '../support/smtp/test-message.js';

it('the sink that measurements send to counts every message, of whatever size', async () => {
  const sink = await startSmtpSink({ delay: 1 });
  onTestFinished(() => sink.close());
  const transport = transportTo({ host: '127.0.0.1', port: sink.port }, { connections: 4 });
  const sizes = [0, 1, 2, 3, 4, 5, 1_000, 65_535, 65_536, 65_537, 300_000];
  const messages = sizes.map((size) =>
    testMessage({ raw: `S: x\r\n\r\n${'.\r\n'.repeat(size / 3)}`.padEnd(size, 'x') }),
  );
  await Promise.all(messages.map((message) => transport.send(message, sendContext())));
  expect(await sink.count()).toEqual({ messages: sizes.length, connections: 4 });
});
