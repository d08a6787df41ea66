import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { MailService } from 'nestjs-mail-relay';
import type { MailSnapshot } from '../lib/mail/mail-snapshot.interface.js';
import { openMailQueue } from '../lib/queue/open-mail-queue.js';
import type { QueueOptions } from '../lib/queue/queue-options.interface.js';
import { startPostgres } from '../test/support/postgres.js';
import { startSmtpSink } from '../test/support/smtp/smtp-sink.mjs';
import { recipient, welcome } from './mails.js';
import { compare, inParallel, report } from './measure.js';
import { CONCURRENCY, CONNECTIONS, WIDTH } from './setting.js';
import { relayApplication } from './relay.subject.js';

/** Mails through the relay against jobs of BullMQ's that do nothing, on one and the same backend. */
export async function backends(redis: string, rounds: number, mails: number): Promise<void> {
  const postgres = await startPostgres();
  await comparedOn('Redis', { redis }, rounds, mails);
  await comparedOn('Postgres', { postgres: postgres.url }, rounds, Math.ceil(mails / 5));
  await postgres.stop();
  await comparedOn('embedded', { embedded: true }, rounds, Math.ceil(mails / 10));
}

async function comparedOn(name: string, queue: QueueOptions, rounds: number, mails: number): Promise<void> {
  const sink = await startSmtpSink();
  const app = await relayApplication({
    transport: `${sink.url}?connections=${CONNECTIONS}&tls=never`,
    worker: { concurrency: CONCURRENCY },
    queue: { ...queue, name: 'bench-mails' },
  });
  const mail = app.get(MailService);
  const noop = await noopJobs({ ...queue, name: 'bench-noop' });
  const rates = await compare(
    [
      {
        name: 'BullMQ, jobs that do nothing',
        run: async () => {
          const before = noop.done();
          await inParallel(mails, WIDTH, noop.add);
          while (noop.done() < before + mails) await sleep(1);
          return mails;
        },
      },
      {
        name: 'nestjs-mail-relay, mails',
        run: async () => {
          const { messages } = await sink.count();
          await inParallel(mails, WIDTH, (i) => mail.send(welcome(i), { to: recipient(i) }));
          while ((await sink.count()).messages < messages + mails) await sleep(2);
          return mails;
        },
      },
    ],
    rounds,
  );
  report(`Against jobs that do nothing, ${name}`, rates);
  await Promise.all([app.close(), noop.close()]);
  await sink.close();
}

/** The relay's own BullMQ queue, with a worker that has nothing to do. */
async function noopJobs(queue: QueueOptions) {
  const { mailQueue } = await openMailQueue({ queue, logger: new Logger('bench') });
  let done = 0;
  const worker = mailQueue.work(async () => (done++, { type: 'done' }), { concurrency: CONCURRENCY });
  return {
    done: () => done,
    add: (index: number) => mailQueue.add({ snapshot: snapshotOf(index), delay: 0 }),
    async close() {
      await worker.close(5_000);
      await mailQueue.close();
    },
  };
}

let made = 0;

function snapshotOf(index: number): MailSnapshot {
  const { name, plan, link } = welcome(index);
  return {
    id: `bench-${++made}`,
    envelope: { from: 'hello@acme.test', to: [recipient(index)] },
    priority: 'normal',
    body: JSON.stringify({ name, plan, link }),
    attachments: [],
  } as unknown as MailSnapshot;
}
