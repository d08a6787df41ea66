// One side of a comparison in a process of its own, as an application would be: node subject.program.js relay '{"redis":"redis://...","smtp":2525}'
// Answers each count that it is sent, when it has handed over so many mails: with the CPU time that it has used since it began, in microseconds.
import 'reflect-metadata';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { MailService, type RelayOptions } from 'nestjs-mail-relay';
import type { Setting } from './in-processes.js';
import { nestMail, nodemailerPool } from './direct.subjects.js';
import { HandWired } from './hand-wired.subject.js';
import { recipient, rows, welcome } from './mails.js';
import { inParallel } from './measure.js';
import { CONCURRENCY, CONNECTIONS, WIDTH } from './setting.js';
import { relayApplication } from './relay.subject.js';

interface Running {
  send(count: number): Promise<unknown>;
  close(): unknown;
}

const [, , name, setting] = process.argv as [string, string, string, string];
const { redis, smtp, queue = { redis } } = JSON.parse(setting) as Setting;
// Two processes must not open one folder.
if (queue.embedded) queue.embedded = await mkdtemp(join(tmpdir(), 'relay-bench-'));
/** One side may run in several processes. */
const queueName = `bench-${name}-${process.pid}`;
const connection = { host: '127.0.0.1', port: Number(new URL(redis).port) };

const SUBJECTS: Record<string, () => Promise<Running>> = {
  async wired() {
    const wired = new HandWired(connection, smtp, CONNECTIONS, CONCURRENCY);
    return { send: each((index) => wired.send(recipient(index), welcome(index))), close: () => wired.close() };
  },
  async nodemailer() {
    const pool = nodemailerPool(smtp, CONNECTIONS);
    return { send: each((index) => pool.send(index)), close: () => pool.close() };
  },
  async nest() {
    const mailer = await nestMail(smtp, CONNECTIONS);
    return { send: each((index) => mailer.send(index)), close: () => mailer.close() };
  },
  async relay() {
    const { mail, close } = await relay(true);
    return { send: each((index) => mail.send(welcome(index), { to: recipient(index) })), close };
  },
  async relayWithoutHistory() {
    const { mail, close } = await relay(true, { history: false });
    return { send: each((index) => mail.send(welcome(index), { to: recipient(index) })), close };
  },
  async sendNow() {
    const { mail, close } = await relay(false);
    return { send: each((index) => mail.sendNow(welcome(index), { to: recipient(index) })), close };
  },
  async send() {
    const { mail, close } = await relay(false);
    return { send: each((index) => mail.send(welcome(index), { to: recipient(index) })), close };
  },
  async sendMany() {
    const { mail, close } = await relay(false);
    return { send: (count) => Promise.resolve(mail.sendMany(rows(count))), close };
  },
  async add() {
    const { queue, payload } = await rawQueue();
    return { send: each(() => queue.add('mail', payload)), close: () => queue.close() };
  },
  async addBulk() {
    const { queue, payload } = await rawQueue();
    const jobs = Array.from({ length: 500 }, () => ({ name: 'mail', data: payload }));
    return {
      async send(count) {
        for (let done = 0; done < count; done += jobs.length) await queue.addBulk(jobs);
      },
      close: () => queue.close(),
    };
  },
};

const subject = await SUBJECTS[name]!();
process.on('message', (count: number) => {
  globalThis.gc?.();
  void subject.send(count).then(() => process.send!(cpuTime()));
});
process.once('disconnect', () => void Promise.resolve(subject.close()).then(() => process.exit()));
process.send!('ready');

function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function each(send: (index: number) => Promise<unknown>): (count: number) => Promise<void> {
  return (count) => inParallel(count, WIDTH, send);
}

async function relay(worker: boolean, options?: RelayOptions) {
  const app = await relayApplication({
    transport: `smtp://127.0.0.1:${smtp}?connections=${CONNECTIONS}&tls=never`,
    worker: worker && { concurrency: CONCURRENCY },
    queue: { ...queue, name: queueName },
    ...options,
  });
  return { mail: app.get(MailService), close: () => app.close() };
}

/** BullMQ alone, with what `send()` stores as its payload. */
async function rawQueue() {
  const { mail, close } = await relay(false);
  const { id } = await mail.send(welcome(0), { to: recipient(0) });
  const own = new Queue(queueName, { connection, prefix: '{relay}' });
  const payload: unknown = (await own.getJob(id))!.data;
  await own.obliterate({ force: true });
  await Promise.all([own.close(), close()]);
  return { queue: new Queue(`${queueName}-raw`, { connection }), payload };
}
