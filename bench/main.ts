import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Mailer, MailModule, SmtpTransport } from '@nestjs/mail';
import { Queue } from 'bullmq';
import Handlebars from 'handlebars';
import { createTransport } from 'nodemailer';
import { MailService } from 'nestjs-mail-relay';
import { startRedis } from '../test/support/redis.js';
import { startSmtpSink } from '../test/support/smtp/smtp-sink.mjs';
import { attachment } from './attachment.js';
import { backends } from './backends.js';
import { composing, signing } from './composing.js';
import { distance } from './distance.js';
import { HandWired } from './hand-wired.subject.js';
import { FROM, HTML, recipient, TEXT, welcome } from './mails.js';
import { compare, inParallel, report } from './measure.js';
import { memory } from './memory.js';
import { endurance, processes } from './processes.js';
import { backlog, latency } from './scale.js';
import { relayApplication } from './relay.subject.js';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const MAILS = Number(process.env.MAILS ?? 5_000);
/** How many mails wait while others are measured; a million takes 2 GB of Redis, and is asked for: BACKLOG=1000000. */
const BACKLOGS = [1_000, 100_000, ...(process.env.BACKLOG ? [Number(process.env.BACKLOG)] : [])];
/** Calls in flight, SMTP connections, and jobs at once: the same for every subject. */
const WIDTH = 100;
const CONNECTIONS = 10;
const CONCURRENCY = 50;

const redis = await startRedis();
const sink = await startSmtpSink();
const connection = { host: '127.0.0.1', port: redis.port };
console.log(`Node ${process.version}, ${ROUNDS} rounds of ${MAILS} mails, medians. Ratios are to the first line.`);

const parts: Record<string, () => Promise<void>> = {
  composing: () => composing(ROUNDS, MAILS),
  signing: () => signing(ROUNDS, Math.ceil(MAILS / 5)),
  queueing,
  delivering,
  backends: () => backends(redis.url, ROUNDS, MAILS),
  processes: () => processes(redis.url, ROUNDS, MAILS),
  distance: () => distance(redis.url, Math.ceil(MAILS / 5)),
  latency: () => latency(redis.url, MAILS),
  backlog: () => backlog(redis.url, MAILS, BACKLOGS),
  memory: () => memory(redis.url),
  attachment: () => attachment(redis.url, [10, 100]),
  ...(process.env.ENDURE && { endurance: () => endurance(redis.url, Number(process.env.ENDURE)) }),
};
const chosen = process.argv.slice(2);
for (const [name, run] of Object.entries(parts)) if (chosen.length === 0 || chosen.includes(name)) await run();
await sink.close();
await redis.stop();

/** `send()` and `sendMany()` against BullMQ's own calls with the same payload. */
async function queueing(): Promise<void> {
  const app = await relayApplication({ worker: false, queue: { redis: redis.url, name: 'bench-queueing' } });
  const mail = app.get(MailService);
  const { id } = await mail.send(welcome(0), { to: recipient(0) });
  const own = new Queue('bench-queueing', { connection, prefix: '{relay}' });
  const payload: unknown = (await own.getJob(id))!.data;
  const raw = new Queue('bench-raw', { connection });
  const empty = async () => {
    await own.obliterate({ force: true });
    await raw.obliterate({ force: true });
  };
  const single = await compare(
    [
      { name: 'queue.add()', run: () => inParallel(MAILS, WIDTH, () => raw.add('mail', payload)).then(() => MAILS) },
      {
        name: 'send()',
        run: () => inParallel(MAILS, WIDTH, (i) => mail.send(welcome(i), { to: recipient(i) })).then(() => MAILS),
      },
    ],
    ROUNDS,
  );
  report('Queueing, one at a time', single);
  await empty();
  const jobs = Array.from({ length: 500 }, () => ({ name: 'mail', data: payload }));
  const bulk = await compare(
    [
      {
        name: 'queue.addBulk()',
        run: async () => {
          for (let done = 0; done < MAILS; done += jobs.length) await raw.addBulk(jobs);
          return MAILS;
        },
      },
      {
        name: 'sendMany()',
        run: async () =>
          (await mail.sendMany(Array.from({ length: MAILS }, (_, i) => [welcome(i), { to: recipient(i) }] as const)))
            .queued,
      },
    ],
    ROUNDS,
  );
  report('Queueing in bulk', bulk);
  await empty();
  await Promise.all([own.close(), raw.close(), app.close()]);
}

/** From `send()` to the SMTP server's 250, against what people wire by hand and against sending with no queue at all. */
async function delivering(): Promise<void> {
  const app = await relayApplication({
    transport: `${sink.url}?connections=${CONNECTIONS}&tls=never`,
    worker: { concurrency: CONCURRENCY },
    queue: { redis: redis.url, name: 'bench-delivering' },
  });
  const mail = app.get(MailService);
  const wired = new HandWired(connection, sink.port, CONNECTIONS, CONCURRENCY);
  const direct = await nestMail();
  const pool = nodemailerPool();
  const arrived = async (before: number) => {
    while ((await sink.count()).messages < before + MAILS) await new Promise((resolve) => setTimeout(resolve, 2));
    return MAILS;
  };
  const through = (send: (index: number) => Promise<unknown>) => async () => {
    const { messages } = await sink.count();
    await inParallel(MAILS, WIDTH, send);
    return arrived(messages);
  };
  const rates = await compare(
    [
      { name: 'BullMQ and nodemailer, wired by hand', run: through((i) => wired.send(recipient(i), welcome(i))) },
      { name: "nodemailer's pool, no queue", run: through((i) => pool.send(i)) },
      { name: '@nestjs/mail, pooled, no queue', run: through((i) => direct.send(i)) },
      { name: 'nestjs-mail-relay', run: through((i) => mail.send(welcome(i), { to: recipient(i) })) },
      { name: 'nestjs-mail-relay, sendNow()', run: through((i) => mail.sendNow(welcome(i), { to: recipient(i) })) },
    ],
    ROUNDS,
  );
  report('From send() to the 250 of an SMTP server in another process', rates);
  pool.close();
  await Promise.all([app.close(), wired.close(), direct.close()]);
}

/** The same words, rendered by templates that were compiled once. */
const rendered = (() => {
  const html = Handlebars.compile(HTML);
  const text = Handlebars.compile(TEXT, { noEscape: true });
  return (index: number) => {
    const context = welcome(index);
    return {
      to: recipient(index),
      subject: `Welcome, ${context.name}`,
      html: html(context),
      text: text(context),
    };
  };
})();

function nodemailerPool(): { send(index: number): Promise<unknown>; close(): void } {
  const transport = createTransport({
    host: '127.0.0.1',
    port: sink.port,
    pool: true,
    maxConnections: CONNECTIONS,
    maxMessages: Infinity,
    ignoreTLS: true,
  });
  return {
    send: (index) => transport.sendMail({ from: FROM, ...rendered(index) }),
    close: () => transport.close(),
  };
}

async function nestMail(): Promise<{ send(index: number): Promise<unknown>; close(): Promise<void> }> {
  const transport = new SmtpTransport({
    host: '127.0.0.1',
    port: sink.port,
    startTls: 'never',
    pool: { maxConnections: CONNECTIONS, maxMessages: 1_000_000 },
  });
  @Module({ imports: [MailModule.forRoot({ from: FROM, transport })] })
  class DirectModule {}
  const app = await NestFactory.createApplicationContext(DirectModule, { logger: ['error'] });
  const mailer = app.get(Mailer);
  return {
    send: (index) => mailer.send(rendered(index)),
    close: () => app.close(),
  };
}
