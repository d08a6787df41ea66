import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { openMailQueue } from '../../lib/queue/open-mail-queue.js';
import { LogRecorder } from '../support/log-recorder.js';
import { Recorder } from '../support/recorder.js';
import { postgresUrl } from '../support/servers.js';
import { newMail } from '../support/snapshots.js';
import { startTcpProxy } from '../support/tcp-proxy.js';

it.each(['LISTEN bullmq_jobs', `set_config('application_name'`])(
  'takes mails though the connection that waits for them goes silent at %s',
  { timeout: 60_000 },
  async (statement) => {
    const url = new URL(await postgresUrl());
    const proxy = await startTcpProxy(Number(url.port));
    url.port = String(proxy.port);
    const given = { postgres: url.href, name: `listen-${randomUUID()}` };
    const { mailQueue: queue } = await openMailQueue({ queue: given, logger: new LogRecorder() });
    await queue.add(newMail());
    const silent = proxy.strandAt(statement);
    const recorder = new Recorder();
    const worker = queue.work(recorder.handler(), { concurrency: 1 });
    await silent;
    const { id } = await queue.add(newMail());
    await recorder.taken(2);
    expect(recorder.ids).toContain(id);
    await worker.close(1_000);
    await queue.close();
    await proxy.close();
  },
);
