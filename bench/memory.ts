import { MailService } from 'nestjs-mail-relay';
import { rows } from './mails.js';
import { emptyRedis, redisMemory } from './redis-figures.js';
import { relayApplication } from './relay.subject.js';

/** What queued mails cost: in Redis, and in the process that queued them. */
export async function memory(redis: string): Promise<void> {
  console.log('\nMemory of queued mails\n\n| queued | Redis, bytes a mail | the process, MB |\n|---:|---:|---:|');
  for (const count of [10_000, 100_000]) {
    await emptyRedis(redis);
    const before = await redisMemory(redis);
    const app = await relayApplication({ worker: false, queue: { redis, name: `bench-memory-${count}` } });
    await app.get(MailService).sendMany(rows(count));
    globalThis.gc?.();
    const resident = Math.round(process.memoryUsage().rss / 1024 / 1024);
    const each = Math.round(((await redisMemory(redis)) - before) / count);
    console.log(`| ${count.toLocaleString('en')} | ${each.toLocaleString('en')} | ${resident} |`);
    await app.close();
  }
  await emptyRedis(redis);
}
