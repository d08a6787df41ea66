import { randomBytes, randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FeedbackIntake, type MailEvent } from '../../lib/index.js';
import type { OpenedQueue } from '../../lib/queue/open-mail-queue.js';
import { relayPart } from '../../lib/relay.tokens.js';
import { type TrackedHit, TRACKING_TASK } from '../../lib/tracking/tracked-hit.js';
import { RecordingTransport } from '../support/recording.transport.js';
import { type RelayApplication, startRelay } from '../support/relay-application.js';
import { redisUrl } from '../support/servers.js';

describe('tasks that are done', () => {
  let relay: RelayApplication;
  let client: Redis;
  let prefix: string;

  beforeEach(async () => {
    const [redis, name] = [await redisUrl(), `tasks-${randomUUID()}`];
    relay = await startRelay({ transport: new RecordingTransport(), queue: { redis, name } });
    client = new Redis(redis);
    prefix = `{relay}:${name}-tasks:`;
  });
  afterEach(async () => {
    await relay.close();
    await client.quit();
  });

  async function done(count: number): Promise<Record<string, string>[]> {
    await expect.poll(() => client.zcard(`${prefix}completed`), { timeout: 20_000 }).toBe(count);
    return Promise.all((await client.zrange(`${prefix}completed`, 0, -1)).map((id) => client.hgetall(prefix + id)));
  }

  it('are known by their ids, and hold no events any more', async () => {
    const { id } = await relay.mail.send({ to: 'ada@x.test', subject: 'Hi', text: 'Hi' });
    await relay.mail.wait(id);
    const base = { provider: 'ses', timestamp: new Date(), tags: [], metadata: {}, recipient: 'ada@x.test' };
    const events = Array.from({ length: 400 }, (_, index): MailEvent => ({
      ...base,
      // Those of a mail that nobody knows are recorded as well.
      ...(index < 200 && { mailId: id }),
      id: `p-${index}`,
      type: 'opened',
    }));
    for (let time = 0; time < 2; time++) {
      await relay.app.get(FeedbackIntake).accept(events);
      for (const { data } of await done(2)) expect(JSON.parse(data!)).toEqual({ events: [], of: '200 events of ses' });
    }
  });

  it('hold no opens and clicks any more', async () => {
    const { id } = await relay.mail.send({ to: 'ada@x.test', subject: 'Hi', text: 'Hi' });
    await relay.mail.wait(id);
    const hits = Array.from({ length: 200 }, (_, index): TrackedHit => ({
      mailId: id,
      recipient: 0,
      at: index * 60_000,
    }));
    const { mailQueue } = relay.app.get<OpenedQueue>(relayPart('queue'));
    await mailQueue.tasks.add([
      { id: randomBytes(20).toString('hex'), kind: TRACKING_TASK, data: { hits, of: 'a test' } },
    ]);
    expect((await done(1)).map(({ data }) => JSON.parse(data!))).toEqual([{ hits: [], of: 'a test' }]);
  });
});
