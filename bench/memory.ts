import { Redis } from 'ioredis';
import { MailService } from 'nestjs-mail-relay';
import { recipient, welcome } from './mails.js';
import { relayApplication } from './relay.subject.js';

/** What queued mails cost: in Redis, and in the process that queued them. */
export async function memory(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  console.log('\nMemory of queued mails\n\n| queued | Redis, bytes a mail | the process, MB |\n|---:|---:|---:|');
  for (const count of [10_000, 100_000]) {
    await redis.flushall();
    const before = await used(redis);
    const app = await relayApplication({ worker: false, queue: { redis: redisUrl, name: `bench-memory-${count}` } });
    await app.get(MailService).sendMany(mails(count));
    globalThis.gc?.();
    const resident = Math.round(process.memoryUsage().rss / 1024 / 1024);
    console.log(
      `| ${count.toLocaleString('en')} | ${Math.round(((await used(redis)) - before) / count).toLocaleString('en')} | ${resident} |`,
    );
    await app.close();
  }
  await redis.flushall();
  redis.disconnect();
}

function* mails(count: number) {
  for (let index = 0; index < count; index++) yield [welcome(index), { to: recipient(index) }] as const;
}

async function used(redis: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))![1]);
}
