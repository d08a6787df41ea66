import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '../test/support/postgres.js';
import { startRedis } from '../test/support/redis.js';
import { startSmtpSink } from '../test/support/smtp/smtp-sink.mjs';
import { attachment } from './attachment.js';
import { backends } from './backends.js';
import { composing, signing } from './composing.js';
import { distance } from './distance.js';
import { history } from './history.js';
import { type Arrival, compareInProcesses } from './in-processes.js';
import { report } from './measure.js';
import { memory } from './memory.js';
import { endurance, processes } from './processes.js';
import { backlog, latency } from './scale.js';
import { tracking } from './tracking.js';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const MAILS = Number(process.env.MAILS ?? 10_000);
/** How many mails wait while others are measured; a million takes 2 GB of Redis, and is asked for: BACKLOG=1000000. */
const BACKLOGS = [1_000, 100_000, ...(process.env.BACKLOG ? [Number(process.env.BACKLOG)] : [])];
/** Of one large attachment; RECIPIENTS=1000 takes some minutes. */
const RECIPIENTS = [10, 100, ...(process.env.RECIPIENTS ? [Number(process.env.RECIPIENTS)] : [])];

const redis = await startRedis();
const sink = await startSmtpSink();
const setting = { redis: redis.url, smtp: sink.port };
console.log(`Node ${process.version}, ${ROUNDS} rounds of ${MAILS} mails, medians. Ratios are to the first line.`);

const parts: Record<string, () => Promise<void>> = {
  composing: () => composing(ROUNDS, MAILS),
  signing: () => signing(ROUNDS, Math.ceil(MAILS / 5)),
  tracking: () => tracking(ROUNDS, Math.ceil(MAILS / 5)),
  queueing,
  delivering,
  history: histories,
  backends: () => backends(redis.url, ROUNDS, MAILS),
  processes: () => processes(redis.url, ROUNDS, MAILS),
  distance: () => distance(redis.url, Math.ceil(MAILS / 5)),
  latency: () => latency(redis.url, MAILS),
  backlog: () => backlog(redis.url, MAILS, BACKLOGS),
  memory: () => memory(redis.url),
  attachment: () => attachment(redis.url, RECIPIENTS),
  ...(process.env.ENDURE && { endurance: () => endurance(redis.url, Number(process.env.ENDURE)) }),
};
const chosen = process.argv.slice(2);
for (const [name, run] of Object.entries(parts)) if (chosen.length === 0 || chosen.includes(name)) await run();
await sink.close();
await redis.stop();

/** `send()` and `sendMany()` against BullMQ's own calls with the same payload. */
async function queueing(): Promise<void> {
  const single = { 'queue.add()': 'add', 'send()': 'send' };
  report('Queueing, one at a time', await compareInProcesses(single, setting, ROUNDS, MAILS));
  const bulk = { 'queue.addBulk()': 'addBulk', 'sendMany()': 'sendMany' };
  report('Queueing in bulk', await compareInProcesses(bulk, setting, ROUNDS, MAILS));
}

/** From `send()` to the SMTP server's 250, against what people wire by hand and against sending with no queue at all. */
async function delivering(): Promise<void> {
  const sides = {
    'BullMQ and nodemailer, wired by hand': 'wired',
    "nodemailer's pool, no queue": 'nodemailer',
    '@nestjs/mail, pooled, no queue': 'nest',
    'nestjs-mail-relay': 'relay',
    'nestjs-mail-relay, sendNow()': 'sendNow',
  };
  const rates = await compareInProcesses(sides, setting, ROUNDS, MAILS, arrival(MAILS));
  report('From send() to the 250 of an SMTP server in another process', rates);
}

async function histories(): Promise<void> {
  const [some, few] = [Math.ceil(MAILS / 5), Math.ceil(MAILS / 10)];
  await history('Redis', setting, arrival(MAILS), ROUNDS, MAILS);
  const postgres = await startPostgres();
  await history('Postgres', { ...setting, queue: { postgres: postgres.url } }, arrival(some), ROUNDS, some);
  await postgres.stop();
  await history('embedded', { ...setting, queue: { embedded: true } }, arrival(few), ROUNDS, few);
}

/** What waits for so many mails to come to the sink. */
function arrival(mails: number): Arrival {
  return async () => {
    const { messages } = await sink.count();
    return async () => {
      while ((await sink.count()).messages < messages + mails) await sleep(2);
    };
  };
}
