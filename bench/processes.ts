import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MailService, type RelayOptions } from 'nestjs-mail-relay';
import { startSmtpSink } from '../test/support/smtp/smtp-sink.mjs';
import { rows } from './mails.js';
import { CONCURRENCY, CONNECTIONS } from './setting.js';
import { relayApplication } from './relay.subject.js';

/** Two workers of one queue, in processes of their own, against one. */
export async function processes(redis: string, rounds: number, mails: number): Promise<void> {
  const rates: number[][] = [[], []];
  for (let round = 0; round < rounds; round++)
    for (const count of round % 2 ? [2, 1] : [1, 2])
      rates[count - 1]!.push(await rateOf(count, redis, mails, `bench-processes-${round}-${count}`));
  const [one, two] = rates.map((all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]!);
  console.log('\nWorkers in processes of their own\n\n| processes | mails/s (median) | ratio |\n|---:|---:|---:|');
  for (const [index, rate] of [one!, two!].entries())
    console.log(`| ${index + 1} | ${Math.round(rate).toLocaleString('en')} | ${(rate / one!).toFixed(2)} |`);
}

/** What a worker's memory comes to over many mails. */
export async function endurance(redis: string, mails: number): Promise<void> {
  const queue = { redis, name: 'bench-endurance' };
  const sink = await startSmtpSink();
  const producer = await relayApplication({ worker: false, queue });
  const worker = await startWorker({ transport: `${sink.url}?connections=${CONNECTIONS}&tls=never`, queue });
  console.log('\nA worker over many mails\n\n| mails | its resident memory, MB |\n|---:|---:|');
  const step = Math.ceil(mails / 10);
  for (let sent = 0; sent < mails;) {
    const count = Math.min(CHUNK, mails - sent, step - (sent % step));
    await producer.get(MailService).sendMany(rows(count, sent));
    sent += count;
    // One chunk waits while another is sent.
    const reported = sent % step === 0 || sent === mails;
    while ((await sink.count()).messages < sent - (reported ? 0 : CHUNK)) await sleep(20);
    if (!reported) continue;
    worker.send('memory');
    const [resident] = (await once(worker, 'message')) as [number];
    console.log(`| ${sent.toLocaleString('en')} | ${Math.round(resident / 1024 / 1024)} |`);
  }
  await stopWorker(worker);
  await producer.close();
  await sink.close();
}

async function rateOf(count: number, redis: string, mails: number, name: string): Promise<number> {
  const queue = { redis, name };
  const producer = await relayApplication({ worker: false, queue });
  await producer.get(MailService).sendMany(rows(mails * 2));
  await producer.close();
  const sink = await startSmtpSink();
  const setting = {
    transport: `${sink.url}?connections=${CONNECTIONS}&tls=never`,
    worker: { concurrency: CONCURRENCY },
    queue,
  };
  const workers = await Promise.all(Array.from({ length: count }, () => startWorker(setting)));
  const reached = async (messages: number) => {
    while ((await sink.count()).messages < messages) await sleep(2);
  };
  await reached(mails);
  const [before, began] = [(await sink.count()).messages, performance.now()];
  await reached(before + Math.floor((mails * 2 - before) * 0.9));
  const rate = (((await sink.count()).messages - before) * 1_000) / (performance.now() - began);
  await Promise.all(workers.map(stopWorker));
  await sink.close();
  return rate;
}

async function startWorker(options: RelayOptions): Promise<ChildProcess> {
  const worker = fork(join(import.meta.dirname, 'worker.program.js'), [JSON.stringify(options)], { execArgv: [] });
  await once(worker, 'message');
  return worker;
}

async function stopWorker(worker: ChildProcess): Promise<void> {
  const exited = once(worker, 'exit');
  worker.send('stop');
  await exited;
}

/** Mails queued at once while others are sent. */
const CHUNK = 5_000;
