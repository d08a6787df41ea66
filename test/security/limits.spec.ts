import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRelay, type RelayApplication } from '../support/relay-application.js';

let relay: RelayApplication;
beforeAll(async () => {
  relay = await startRelay({ worker: false });
});
afterAll(() => relay.close());

const long = (length: number) => 'x'.repeat(length);

it.each<[string, object]>([
  ['to', { to: Array.from({ length: 10_001 }, (_, at) => `user-${at}@x.test`) }],
  ['headers', { headers: Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`X-${at}`, long(800)])) }],
  ['tags', { tags: Array.from({ length: 200 }, (_, at) => `${at}-${long(100)}`) }],
  ['metadata', { metadata: { note: long(70_000) } }],
  ['content', { html: long(17 * 1024 * 1024) }],
])('more than a mail may hold is refused by name, and not queued: %s', async (field, given) => {
  const message = { to: 'ada@x.test', subject: 'Hi', text: 'Hi', ...given } as never;
  await expect(relay.mail.send(message)).rejects.toMatchObject({ name: 'MailMessageError', field, permanent: true });
});

it('what is large and within the limits is taken', async () => {
  const { id } = await relay.mail.send({
    to: Array.from({ length: 2_000 }, (_, at) => `user-${at}@x.test`),
    subject: 'Hi',
    html: long(1024 * 1024),
    metadata: { note: long(10_000) },
  });
  expect((await relay.mail.status(id))!.recipients).toHaveLength(2_000);
});
