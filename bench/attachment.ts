import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MailService } from 'nestjs-mail-relay';
import { Redis } from 'ioredis';
import { startSmtpSink } from '../test/support/smtp/smtp-sink.mjs';
import { relayApplication } from './relay.subject.js';

/** One attachment of 24 MiB to more and more recipients: what Redis holds of it, and how large the process grows. */
export async function attachment(redis: string, counts: readonly number[]): Promise<void> {
  console.log('\nAn attachment of 24 MiB\n\n| recipients | in Redis, MB | the sending process at most, MB | mails/s |');
  console.log('|---:|---:|---:|---:|');
  const content = randomBytes(24 * 1024 * 1024);
  for (const count of counts) {
    const queue = { redis, name: `bench-attachment-${count}` };
    const producer = await relayApplication({ worker: false, queue });
    await producer.get(MailService).sendMany(rows(count, content), { chunk: 10 });
    await producer.close();
    const stored = await used(redis);
    globalThis.gc?.();
    const sink = await startSmtpSink();
    let most = 0;
    const watching = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5);
    const began = performance.now();
    const app = await relayApplication({ transport: `${sink.url}?connections=10&tls=never`, queue });
    while ((await sink.count()).messages < count) await sleep(10);
    const rate = (count * 1_000) / (performance.now() - began);
    clearInterval(watching);
    console.log(`| ${count.toLocaleString('en')} | ${megabytes(stored)} | ${megabytes(most)} | ${rate.toFixed(1)} |`);
    await app.close();
    await sink.close();
    await forget(redis);
  }
}

function* rows(count: number, content: Uint8Array) {
  for (let index = 0; index < count; index++)
    yield { to: `user${index}@example.test`, subject: 'News', text: 'News', attachments: [{ filename: 'a', content }] };
}

async function used(url: string): Promise<number> {
  const redis = new Redis(url);
  const info = await redis.info('memory');
  redis.disconnect();
  return Number(/used_memory:(\d+)/.exec(info)![1]);
}

async function forget(url: string): Promise<void> {
  const redis = new Redis(url);
  await redis.flushall();
  redis.disconnect();
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_000_000);
}
