import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MailService } from 'nestjs-mail-relay';
import { startSmtpSink } from '../test/support/smtp/smtp-sink.mjs';
import { CONNECTIONS } from './setting.js';
import { emptyRedis, redisMemory } from './redis-figures.js';
import { relayApplication } from './relay.subject.js';

/** One attachment of 24 MiB to more and more recipients: what Redis holds of it, and how large the process grows. */
export async function attachment(redis: string, counts: readonly number[]): Promise<void> {
  console.log('\nAn attachment of 24 MiB\n\n| recipients | in Redis, MB | the sending process at most, MB | mails/s |');
  console.log('|---:|---:|---:|---:|');
  const content = randomBytes(24 * 1024 * 1024);
  for (const count of counts) {
    const queue = { redis, name: `bench-attachment-${count}` };
    const producer = await relayApplication({ worker: false, queue });
    await producer.get(MailService).sendMany(mailsWith(content, count), { chunk: 10 });
    await producer.close();
    const stored = await redisMemory(redis);
    globalThis.gc?.();
    const sink = await startSmtpSink();
    let most = 0;
    const watching = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5);
    const began = performance.now();
    const app = await relayApplication({ transport: `${sink.url}?connections=${CONNECTIONS}&tls=never`, queue });
    while ((await sink.count()).messages < count) await sleep(10);
    const rate = (count * 1_000) / (performance.now() - began);
    clearInterval(watching);
    console.log(`| ${count.toLocaleString('en')} | ${megabytes(stored)} | ${megabytes(most)} | ${rate.toFixed(1)} |`);
    await app.close();
    await sink.close();
    await emptyRedis(redis);
  }
}

function* mailsWith(content: Uint8Array, count: number) {
  for (let index = 0; index < count; index++)
    yield { to: `user${index}@example.test`, subject: 'News', text: 'News', attachments: [{ filename: 'a', content }] };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_000_000);
}
