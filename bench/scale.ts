import { setTimeout as sleep } from 'node:timers/promises';
import { MailEvents, MailService } from 'nestjs-mail-relay';
import { startSmtpSink } from '../test/support/smtp/smtp-sink.mjs';
import { recipient, rows, welcome } from './mails.js';
import { inParallel } from './measure.js';
import { CONCURRENCY, CONNECTIONS, WIDTH } from './setting.js';
import { relayApplication } from './relay.subject.js';

/** What a mail costs while so many others wait. */
export async function backlog(redis: string, mails: number, backlogs: readonly number[]): Promise<void> {
  console.log('\nThrough the queue, with a backlog\n\n| mails that wait | mails/s | ratio |\n|---:|---:|---:|');
  let first: number | undefined;
  // The first run is for the compiler.
  for (const [run, waiting] of [backlogs[0]!, ...backlogs].entries()) {
    const queue = { redis, name: `bench-backlog-${run}` };
    const producer = await relayApplication({ worker: false, queue });
    await producer.get(MailService).sendMany(rows(waiting + mails * 2));
    await producer.close();
    const sink = await startSmtpSink();
    const worker = await relayApplication({
      transport: `${sink.url}?connections=${CONNECTIONS}&tls=never`,
      worker: { concurrency: CONCURRENCY },
      queue,
    });
    const reached = async (count: number) => {
      while ((await sink.count()).messages < count) await sleep(2);
    };
    await reached(mails);
    const began = performance.now();
    await reached(mails * 2);
    const rate = (mails * 1_000) / (performance.now() - began);
    first ??= rate;
    console.log(
      `| ${waiting.toLocaleString('en')} | ${Math.round(rate).toLocaleString('en')} | ${(rate / first).toFixed(2)} |`,
    );
    await worker.close();
    await sink.close();
  }
}

/** From `send()` to the server's 250, at half of what the process can do. */
export async function latency(redis: string, mails: number): Promise<void> {
  const sink = await startSmtpSink();
  const queue = { redis, name: 'bench-latency' };
  const app = await relayApplication({
    transport: `${sink.url}?connections=${CONNECTIONS}&tls=never`,
    worker: { concurrency: CONCURRENCY },
    queue,
  });
  const mail = app.get(MailService);
  const began = new Map<string, number>();
  const times: number[] = [];
  const following = app
    .get(MailEvents)
    .of('sent')
    .subscribe(({ mailId }) => {
      const start = began.get(mailId!);
      if (start !== undefined) times.push(performance.now() - start);
    });
  const send = async (index: number, measured: boolean) => {
    const start = performance.now();
    const { id } = await mail.send(welcome(index), { to: recipient(index) });
    if (measured) began.set(id, start);
  };
  const full = performance.now();
  await inParallel(mails, WIDTH, (index) => send(index, false));
  while ((await sink.count()).messages < mails) await sleep(2);
  const interval = (2 * (performance.now() - full)) / mails;
  const start = performance.now();
  for (let index = 0; index < mails; index++) {
    const wait = start + index * interval - performance.now();
    if (wait > 1) await sleep(wait);
    void send(index, true);
  }
  while ((await sink.count()).messages < mails * 2) await sleep(5);
  await sleep(200);
  following.unsubscribe();
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)]?.toFixed(1);
  console.log(
    `\nFrom send() to the server's 250 at half load (${Math.round(1_000 / interval)} mails/s): p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, of ${sorted.length} mails`,
  );
  await app.close();
  await sink.close();
}
