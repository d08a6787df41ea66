import { randomUUID } from 'node:crypto';
import { Cluster, Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { MailQueue } from '../../lib/queue/mail-queue.interface.js';
import { openMailQueue, type OpenedQueue, type OpenQueueOptions } from '../../lib/queue/open-mail-queue.js';
import { LogRecorder } from '../support/log-recorder.js';
import { Producer } from '../support/producer.js';
import { startRedisCluster, type RedisClusterServer } from '../support/redis-cluster.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { eventually, Recorder } from '../support/recorder.js';
import { redisUrl } from '../support/servers.js';
import { newMail } from '../support/snapshots.js';

const opened: OpenedQueue[] = [];
const open = async (redis: string | object, rest: Partial<OpenQueueOptions> = {}): Promise<OpenedQueue> => {
  const queue = await openMailQueue({ queue: { redis, name: `redis-${randomUUID()}` }, ...rest });
  opened.push(queue);
  return queue;
};
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ mailQueue }) => mailQueue.close()));
});

/** Queues a mail, works on it, and looks it up. */
async function works(queue: MailQueue): Promise<void> {
  const mails = [newMail({ priority: 'high' }), newMail(), newMail({}, { delay: 20 })];
  await queue.add(mails[0]!);
  await queue.addMany(mails.slice(1));
  const recorder = new Recorder();
  const worker = queue.work(
    recorder.handler(async ({ snapshot: { id }, extendLock }) => {
      expect(await extendLock()).toBe(true);
      expect(await queue.store.begin(id, Date.now(), 0, 'main')).toBe('go');
      await queue.store.save(id, { messageId: '<x>', recipients: [{ address: 'a@acme.test', state: 'sent', at: 1 }] });
      return { type: 'done' };
    }),
    { concurrency: 2 },
  );
  await recorder.taken(3);
  await worker.close(1_000);
  for (const { snapshot } of mails) {
    expect(await queue.find(snapshot.id)).toBeNull();
    expect((await queue.store.load(snapshot.id))?.recipients[0]?.state).toBe('sent');
  }
}

describe('a Redis may be given as', () => {
  let url: URL;
  beforeAll(async () => {
    url = new URL(await redisUrl());
  });

  it('a URL with a database', async () => {
    const { mailQueue, bullQueue } = await open(`${url.origin.replace('null', 'redis:')}//${url.host}/3`);
    await works(mailQueue);
    const client = new Redis({ port: Number(url.port), db: 3 });
    expect(await client.keys(`{relay}:${bullQueue.name}:*`)).not.toEqual([]);
    client.disconnect();
  });

  it('options of ioredis, whatever is in them that would not do for a queue', async () => {
    const options = {
      host: url.hostname,
      port: Number(url.port),
      maxRetriesPerRequest: 5,
      lazyConnect: true,
      commandTimeout: 1,
    };
    await works((await open({ ...options, retryStrategy: () => null })).mailQueue);
    await works((await open({ url: url.href })).mailQueue);
  });

  it('an instance of ioredis, which is left alone', async () => {
    const instance = new Redis(url.href, { lazyConnect: true });
    const { mailQueue } = await open(instance);
    await works(mailQueue);
    await mailQueue.close();
    expect(instance.status).toBe('wait');
    instance.disconnect();
  });

  it('the connection of the application, by "shared"', async () => {
    await works((await open('shared', { shared: { host: url.hostname, port: Number(url.port) } })).mailQueue);
  });
});

describe('on a Redis Cluster of three nodes', () => {
  let cluster: RedisClusterServer;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  it('a queue works, given by some of its nodes', async () => {
    await works((await open({ cluster: cluster.nodes.slice(0, 1) })).mailQueue);
  });

  it('a queue works, given as an instance of ioredis', async () => {
    const instance = new Cluster([...cluster.nodes]);
    await works((await open(instance)).mailQueue);
    expect(instance.status).toBe('ready');
    instance.disconnect();
  });

  it('mails are refused within 5 seconds when the cluster goes, and go again when it is back', async () => {
    const own = await startRedisCluster();
    const { mailQueue: queue } = await open({ cluster: own.nodes }, { logger: new LogRecorder() });
    await queue.add(newMail());
    own.freeze();
    const start = performance.now();
    await expect(queue.add(newMail())).rejects.toMatchObject({ name: 'QueueUnavailableError', stored: 'unknown' });
    await expect(queue.store.load('x')).rejects.toMatchObject({ name: 'QueueUnavailableError' });
    expect(performance.now() - start).toBeLessThan(10_000);
    own.thaw();
    await eventually(
      () => queue.add(newMail()).catch(() => null),
      (added) => added !== null,
    );
    await own.stop();
    await expect(queue.add(newMail())).rejects.toMatchObject({ name: 'QueueUnavailableError' });
  });

  it('queues of different names live side by side', async () => {
    const queues = await Promise.all([1, 2, 3].map(() => open({ cluster: cluster.nodes })));
    await Promise.all(queues.map(({ mailQueue }) => works(mailQueue)));
  });
});

describe('when Redis is', () => {
  let redis: RedisServer | undefined;
  let admin: Redis;
  const start = async (...options: string[]): Promise<RedisServer> => {
    redis = await startRedis(options);
    admin = new Redis(redis.url);
    admin.on('error', () => {});
    return redis;
  };
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ mailQueue }) => mailQueue.close()));
    admin.disconnect();
    await redis?.stop();
  });

  it('full, mails are refused, none is lost, and all goes on when there is room', async () => {
    const { url } = await start('--maxmemory-policy', 'noeviction');
    const logger = new LogRecorder();
    const { mailQueue: queue } = await open(url, { logger });
    const mails = Array.from({ length: 20 }, () => newMail());
    await queue.addMany(mails);
    await admin.config('SET', 'maxmemory', '1');
    await expect(queue.add(newMail())).rejects.toMatchObject({ name: 'QueueUnavailableError', stored: false });
    await expect(queue.addMany([newMail()])).rejects.toMatchObject({ stored: false });
    // It may become full in the middle of them.
    await expect(queue.addMany([newMail(), newMail()])).rejects.toMatchObject({ stored: 'unknown' });
    await expect(queue.store.begin('x', 1, 0, 'main')).rejects.toMatchObject({ stored: false });
    const recorder = new Recorder();
    const worker = queue.work(recorder.handler(), { concurrency: 5 });
    // The worker cannot take anything, says so, and does not go on asking at full speed.
    const complaints = (): string[] => logger.lines.filter((line) => /^error .*OOM/.test(line));
    await eventually(
      async () => complaints().length,
      (count) => count > 1,
    );
    expect(complaints().length).toBeLessThan(5);
    await admin.config('SET', 'maxmemory', '0');
    await recorder.taken(20);
    await worker.close(1_000);
    for (const { snapshot } of mails) expect(await queue.find(snapshot.id)).toBeNull();
    expect(new Set(recorder.ids)).toEqual(new Set(mails.map(({ snapshot }) => snapshot.id)));
  });

  it('full while a mail is in hand, the lock cannot be extended, and its end is not lost', async () => {
    const { url } = await start('--maxmemory-policy', 'noeviction');
    const { mailQueue: queue } = await open(url, { logger: new LogRecorder() });
    const mails = [newMail(), newMail(), newMail()];
    await queue.addMany(mails);
    const recorder = new Recorder();
    const outcomes = [
      { type: 'done' },
      { type: 'later', at: Date.now() + 60_000 },
      { type: 'dead', reason: 'no' },
    ] as const;
    const worker = queue.work(
      recorder.handler(async (job, n) => {
        if (n === 2) await admin.config('SET', 'maxmemory', '1');
        while (!((await admin.config('GET', 'maxmemory')) as string[]).includes('1'));
        await expect(job.extendLock()).rejects.toThrow();
        return outcomes[n]!;
      }),
      { concurrency: 3 },
    );
    await recorder.taken(3);
    await eventually(
      () => queue.find(recorder.ids[1]!),
      (found) => found?.state === 'scheduled',
    );
    await eventually(
      () => queue.find(recorder.ids[2]!),
      (found) => found?.state === 'failed',
    );
    await eventually(
      () => queue.find(recorder.ids[0]!),
      (found) => found === null,
    );
    await admin.config('SET', 'maxmemory', '0');
    await worker.close(1_000);
  });

  it('killed and started again, every accepted mail is there, and producer and worker go on by themselves', async () => {
    const { url } = await start('--appendonly', 'yes', '--appendfsync', 'everysec');
    const { mailQueue: queue } = await open(url, { logger: new LogRecorder() });
    const accepted: string[] = [];
    const recorder = new Recorder();
    const worker = queue.work(recorder.handler(), { concurrency: 5 });
    for (let round = 0; round < 2; round++) {
      const producer = new Producer(queue);
      await recorder.taken(recorder.jobs.length + 100);
      await redis!.kill();
      await redis!.restart();
      await recorder.taken(recorder.jobs.length + 100);
      await producer.stop();
      accepted.push(...producer.accepted);
    }
    await eventually(
      async () => new Set(recorder.ids),
      (ids) => accepted.every((id) => ids.has(id)),
    );
    await worker.close(1_000);
  });

  it('a read-only replica, mails are refused, and go again after the failover', async () => {
    const { url, port } = await start();
    const { mailQueue: queue } = await open(url, { logger: new LogRecorder() });
    await queue.add(newMail());
    await admin.call('REPLICAOF', '127.0.0.1', String(port === 1 ? 2 : 1));
    await expect(queue.add(newMail())).rejects.toMatchObject({ name: 'QueueUnavailableError', stored: false });
    await admin.call('REPLICAOF', 'NO', 'ONE');
    await eventually(
      () => queue.add(newMail()).catch(() => null),
      (added) => added !== null,
    );
  });

  it('set to throw keys away, it is said that mails can get lost', async () => {
    const { url } = await start('--maxmemory-policy', 'allkeys-lru');
    const logger = new LogRecorder();
    await open(url, { logger });
    await eventually(
      async () => logger.lines,
      (lines) => lines.some((line) => /allkeys-lru/.test(line)),
    );
  });
});
