import { randomBytes, randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RecordingTransport } from '../support/recording.transport.js';
import { redisUrl } from '../support/servers.js';
import { type ConsoleApplication, eventually, startConsole } from './console-application.js';

const key = (): string => randomBytes(32).toString('base64');
const KEYS = [key()];
const name = `sealed-${randomUUID()}`;
let application: ConsoleApplication;

beforeAll(async () => {
  const queue = { redis: await redisUrl(), name, encryption: { keys: KEYS } };
  application = await startConsole({ relay: { transport: new RecordingTransport(), queue } });
});
afterAll(() => application?.close());

it('keeps neither subject nor content in clear where the queue is encrypted, and shows both', async () => {
  const { id } = await application.mail.send({
    to: 'a@x.test',
    subject: 'Your secret Gelbfieber',
    text: 'Reset: Zitronenkuchen',
  });
  await application.mail.wait(id);
  const row = await eventually(async () => (await application.json('api/mails?search=a@x.test')).mails[0]);
  expect(row.subject).toBe('Your secret Gelbfieber');
  const content = await eventually(async () => {
    const response = await application.get(`api/mails/${id}/content`);
    return response.ok && ((await response.json()) as { text: string });
  });
  expect(content.text).toContain('Zitronenkuchen');
  const byWord = await application.json('api/mails?search=gelbfieber');
  expect(byWord).toMatchObject({ mails: [], note: expect.stringContaining('encrypted') });
  const client = new Redis(await redisUrl());
  let looked = 0;
  for (const stored of await client.keys(`*${name}*`)) {
    const dump = await client.dumpBuffer(stored);
    looked++;
    for (const word of ['Gelbfieber', 'Zitronenkuchen']) expect(dump!.includes(word), stored).toBe(false);
  }
  expect(looked).toBeGreaterThan(3);
  await client.quit();
});

it('shows what lies in clear of a mail whose key is not here', async () => {
  const later = await application.mail.send({ to: 'b@x.test', subject: 'Later', text: 'Hi', delay: '1h' });
  const queue = { redis: await redisUrl(), name, encryption: { keys: [key()] } };
  const other = await startConsole({
    relay: { transport: new RecordingTransport(), queue, worker: { concurrency: 1 } },
  });
  try {
    const [row] = (await other.json('api/mails?search=a@x.test')).mails;
    expect(row).toMatchObject({ to: ['a@x.test'], state: 'sent' });
    expect(row.subject).toBeUndefined();
    expect((await other.get(`api/mails/${row.id}/content`)).status).toBe(409);
    expect((await other.get(`api/mails/${later.id}/content`)).status).toBe(409);
    expect((await other.get('api/queue/mails?state=scheduled')).status).toBe(200);
  } finally {
    await other.close();
  }
});
