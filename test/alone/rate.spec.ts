import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { QueueOptions, TransportSettings } from '../../lib/index.js';
import { startRelay } from '../support/relay-application.js';
import { postgresUrl, redisUrl } from '../support/servers.js';
import { FaultySmtpServer } from '../support/smtp/faulty-smtp-server.js';
import { startWorkerProcess } from '../support/worker-process.js';

const message = { to: 'ada@x.test', subject: 'x', text: 'x' } as const;

const backends: [string, () => Promise<QueueOptions>][] = [
  ['redis', async () => ({ redis: await redisUrl(), name: `t-${randomUUID()}` })],
  ['postgres', async () => ({ postgres: await postgresUrl() })],
];

describe.each(backends)('on %s', (_backend, options) => {
  it('three workers together keep the rate in every window of a second, and use it', { timeout: 60_000 }, async () => {
    const rate = 40;
    const mails = 14 * rate;
    const queue = await options();
    const server = await FaultySmtpServer.start();
    onTestFinished(() => server.close());
    const times: number[] = [];
    server.script.mail = () => void times.push(performance.now());
    const relay = await startRelay({ queue, worker: false });
    onTestFinished(() => relay.close());
    const transport: TransportSettings = {
      use: `smtp://127.0.0.1:${server.port}?tls=never` as const,
      rate: `${rate}/s`,
    };
    await relay.mail.sendMany(Array.from({ length: mails }, () => message));
    await Promise.all([1, 2, 3].map(() => startWorkerProcess({ queue, transport, lockDuration: 30_000 })));
    await server.reached('dot', mails);
    for (let index = rate; index < times.length; index++)
      expect(
        times[index]! - times[index - rate]!,
        `${rate + 1} mails from the ${index - rate}th on`,
      ).toBeGreaterThanOrEqual(1_000);
    // Under load: without the first second, in which the workers start one after the other, and the last. As a median, since a machine
    // that stands still for a moment loses that time for good: what was late is not sent in a heap.
    const used: number[] = [];
    for (let index = rate; index + rate < mails - rate; index++)
      used.push(1_000 / (times[index + rate]! - times[index]!));
    expect(used.toSorted((a, b) => a - b)[Math.floor(used.length / 2)]).toBeGreaterThan(0.9);
  });
});
