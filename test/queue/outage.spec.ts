import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueUnavailableError } from '../../lib/errors/queue-unavailable.error.js';
import type { MailQueue } from '../../lib/queue/mail-queue.interface.js';
import { openMailQueue } from '../../lib/queue/open-mail-queue.js';
import type { QueueOptions } from '../../lib/queue/queue-options.interface.js';
import { LogRecorder } from '../support/log-recorder.js';
import { Recorder } from '../support/recorder.js';
import { postgresUrl, redisUrl } from '../support/servers.js';
import { newMail } from '../support/snapshots.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

const BACKENDS = [
  { backend: 'redis', server: redisUrl, options: (url: string): QueueOptions => ({ redis: url }) },
  { backend: 'postgres', server: postgresUrl, options: (url: string): QueueOptions => ({ postgres: url }) },
];

describe.each(BACKENDS)('with its $backend gone, a queue', ({ server, options }) => {
  let proxy: TcpProxy;
  let queue: MailQueue | undefined;
  let logger: LogRecorder;

  const open = async ({ down = false, frozen = false } = {}): Promise<MailQueue> => {
    const url = new URL(await server());
    proxy = await startTcpProxy(Number(url.port), { down });
    if (frozen) proxy.freeze();
    url.port = String(proxy.port);
    const given = { ...options(url.href), name: `outage-${randomUUID()}` };
    return (queue = (await openMailQueue({ queue: given, logger })).mailQueue);
  };

  /** How a call fails, which must be within 5 seconds. */
  const refused = async (call: Promise<unknown>): Promise<unknown> => {
    const start = performance.now();
    const error = await call.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(QueueUnavailableError);
    expect(performance.now() - start).toBeLessThan(5_000);
    return (error as QueueUnavailableError).stored;
  };

  /** Until a mail can be queued again, with no help. */
  const queuedAgain = async (): Promise<string> => {
    for (;;) {
      try {
        return (await queue!.add(newMail())).id;
      } catch (error) {
        expect(error).toBeInstanceOf(QueueUnavailableError);
        await sleep(20);
      }
    }
  };

  beforeEach(() => {
    logger = new LogRecorder();
  });
  afterEach(async () => {
    await queue?.close();
    await proxy.close();
  });

  it('opens all the same, refuses mails while it is down, and takes them when it is up', async () => {
    await open({ down: true });
    const recorder = new Recorder();
    const worker = queue!.work(recorder.handler(), { concurrency: 1 });
    expect(await refused(queue!.add(newMail()))).toBe(false);
    expect(await refused(queue!.addMany([newMail(), newMail()]))).toBe(false);
    expect(await refused(queue!.find('x'))).toBe(false);
    expect(await refused(queue!.store.load('x'))).toBe(false);
    expect(await refused(queue!.store.cancel('x'))).toBe(false);
    await proxy.resume();
    const id = await queuedAgain();
    await recorder.taken(1);
    expect(recorder.ids).toEqual([id]);
    expect(logger.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
    expect(logger.lines.filter((line) => line.startsWith('error'))).toEqual([]);
    expect(logger.lines.at(-1)).toMatch(/is back/);
    await worker.close(1_000);
  });

  it('refuses mails when it goes later, and goes on by itself when it comes back', async () => {
    await open();
    const recorder = new Recorder();
    const worker = queue!.work(recorder.handler(), { concurrency: 2 });
    await queue!.add(newMail());
    await recorder.taken(1);
    await proxy.cut();
    // Whoever finds out that a connection is gone has written to it already.
    for (let stored = await refused(queue!.add(newMail())); stored !== false;)
      stored = await refused(queue!.add(newMail()));
    expect(await refused(queue!.store.begin('x', 1, 0, 'main'))).toBe(false);
    await proxy.resume();
    await queuedAgain();
    await recorder.taken(2);
    await worker.close(1_000);
    expect(logger.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  });

  it('has mails tried again soon, with no alarm, whose outcome could not be looked up', async () => {
    await open();
    const recorder = new Recorder();
    const worker = queue!.work(
      recorder.handler((_job, n) => {
        if (n === 0) throw new QueueUnavailableError(false, 'staged by a test');
        return { type: 'done' };
      }),
      { concurrency: 1 },
    );
    await queue!.add(newMail());
    await recorder.taken(2);
    await worker.close(1_000);
    expect(logger.lines).toEqual([]);
  });

  it('gives up on a black hole at boot', async () => {
    await open({ frozen: true });
    expect(await refused(queue!.add(newMail()))).toBe(false);
    await proxy.resume();
    await queuedAgain();
  });

  it('gives up on a black hole later: the first mails may have been queued, the next ones have not', async () => {
    await open();
    await queue!.add(newMail());
    proxy.freeze();
    const some = [
      queue!.add(newMail()),
      queue!.addMany([newMail(), newMail()]),
      queue!.store.save('x', { messageId: '<x>' }),
    ];
    expect((await Promise.all(some.map(refused)))[0]).toBe('unknown');
    expect(await refused(queue!.add(newMail()))).toBe(false);
    await proxy.resume();
    await queuedAgain();
  });

  it('finds a way around connections that went silent for good', { timeout: 60_000 }, async () => {
    await open();
    const recorder = new Recorder();
    // A job may have been handed out over a connection that is gone: it comes back when its lock has run out.
    const soon = { concurrency: 1, lockDuration: 1_500, stalledInterval: 750 };
    const worker = queue!.work(recorder.handler(), soon);
    await queue!.add(newMail());
    await recorder.taken(1);
    proxy.strand();
    await queuedAgain();
    await recorder.taken(2);
    await worker.close(1_000);
  });

  it('does not know whether a mail was queued whose answer is lost', async () => {
    await open();
    await queue!.add(newMail());
    proxy.freeze();
    const mail = newMail();
    const adding = refused(queue!.add(mail));
    await proxy.cut();
    expect(await adding).toBe('unknown');
    await proxy.resume();
    await queuedAgain();
    // Safe to repeat: under its own id the mail is queued once.
    expect(await queue!.add(mail)).toEqual({ id: mail.snapshot.id, duplicate: false });
  });

  it('closes in good time, with a worker that has never seen it, too', async () => {
    await open({ frozen: true });
    const worker = queue!.work(new Recorder().handler(), { concurrency: 1 });
    const start = performance.now();
    await worker.close(10_000);
    await queue!.close();
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it('does not wait longer for jobs in flight than it was told', async () => {
    await open();
    const recorder = new Recorder();
    const worker = queue!.work(
      recorder.handler(
        ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve({ type: 'release' }))),
      ),
      { concurrency: 1 },
    );
    await queue!.add(newMail());
    await recorder.taken(1);
    proxy.freeze();
    const start = performance.now();
    await worker.close(100);
    expect(performance.now() - start).toBeLessThan(6_000);
  });
});
