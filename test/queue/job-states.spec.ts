import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MailQueue } from '../../lib/queue/mail-queue.interface.js';
import { openMailQueue } from '../../lib/queue/open-mail-queue.js';
import { redisUrl } from '../support/servers.js';
import { newMail } from '../support/snapshots.js';

let client: Redis;
let queue: MailQueue;
beforeAll(async () => {
  const redis = await redisUrl();
  client = new Redis(redis);
  ({ mailQueue: queue } = await openMailQueue({ queue: { redis, name: `states-${randomUUID()}` } }));
});
afterAll(async () => {
  await queue?.close();
  await client?.quit();
});

it('finds a mail that waits without going through the list of all that do', async () => {
  const mails = [newMail({ priority: 'high' }), newMail({ priority: 'normal' }), newMail({}, { delay: 3_600_000 })];
  await queue.addMany(mails);
  const monitor = await client.monitor();
  const read: string[] = [];
  const end = randomUUID();
  const seen = new Promise<void>((resolve) => {
    monitor.on('monitor', (_time: string, [, key = '']: string[]) => {
      read.push(key.split(':').at(-1)!);
      if (key === end) resolve();
    });
  });
  const states: unknown[] = [];
  for (const { snapshot } of mails) states.push((await queue.find(snapshot.id))?.state);
  states.push(await queue.find(randomUUID()));
  await client.echo(end);
  await seen;
  monitor.disconnect();
  expect(states).toEqual(['queued', 'queued', 'scheduled', null]);
  expect(read).toContain('delayed');
  expect(read).not.toContain('wait');
});
