import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MailJob, MailQueue, MailWorker } from '../../lib/queue/mail-queue.interface.js';
import { openMailQueue } from '../../lib/queue/open-mail-queue.js';
import type { QueueOptions } from '../../lib/queue/queue-options.interface.js';
import { childScript, type Child, type ChildScript } from '../support/child.js';
import { LogRecorder } from '../support/log-recorder.js';
import { eventually, Recorder } from '../support/recorder.js';
import { postgresUrl, redisUrl } from '../support/servers.js';
import { newMail } from '../support/snapshots.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

const BACKENDS = [
  { backend: 'redis', server: redisUrl, options: (url: string): QueueOptions => ({ redis: url }) },
  { backend: 'postgres', server: postgresUrl, options: (url: string): QueueOptions => ({ postgres: url }) },
];

/** So that a lost worker is found out soon. */
const SOON = { concurrency: 1, lockDuration: 500, stalledInterval: 250 };

let script: ChildScript;
beforeAll(async () => {
  script = await childScript('queue-child.ts');
});
afterAll(() => script.remove());

describe.each(BACKENDS)('a mail on $backend', ({ server, options }) => {
  let url: string;
  let given: QueueOptions;
  let queue: MailQueue;
  const logger = new LogRecorder();
  const workers: MailWorker[] = [];
  const children: Child[] = [];

  const work = (on: MailQueue, recorder: Recorder, ...answer: Parameters<Recorder['handler']>): MailWorker => {
    const worker = on.work(recorder.handler(...answer), SOON);
    workers.push(worker);
    return worker;
  };

  beforeAll(async () => {
    url = await server();
  });
  beforeEach(async () => {
    logger.lines.length = 0;
    given = { ...options(url), name: `loss-${randomUUID()}` };
    queue = (await openMailQueue({ queue: given, logger })).mailQueue;
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.kill()));
    await Promise.all(workers.splice(0).map((worker) => worker.close(1_000)));
    await queue.close();
  });

  it('is taken over, with the stall counted, when its worker is killed in the middle of it, time and again', async () => {
    const mail = newMail();
    await queue.add(mail);
    for (let stalls = 0; stalls < 3; stalls++) {
      const child = script.start('worker', JSON.stringify(given));
      children.push(child);
      expect(await child.message()).toEqual({ taken: mail.snapshot.id, stalls });
      await child.kill();
    }
    const recorder = new Recorder();
    work(queue, recorder);
    await recorder.taken(1);
    expect(recorder.jobs[0]).toMatchObject({ snapshot: mail.snapshot, stalls: 3, first: false });
    await eventually(
      () => queue.find(mail.snapshot.id),
      (found) => found === null,
    );
  });

  describe('whose worker loses its lock and wakes up again', () => {
    let proxy: TcpProxy;
    let sleeper: MailQueue;
    let zombie: MailJob;
    let finish: (outcome: Awaited<ReturnType<Parameters<Recorder['handler']>[0] & object>>) => void;
    const mail = newMail();

    beforeEach(async () => {
      const through = new URL(url);
      proxy = await startTcpProxy(Number(through.port));
      through.port = String(proxy.port);
      sleeper = (await openMailQueue({ queue: { ...options(through.href), name: given.name! }, logger })).mailQueue;
      await queue.add(mail);
      const asleep = new Recorder();
      work(sleeper, asleep, () => new Promise((resolve) => (finish = resolve)));
      await asleep.taken(1);
      proxy.freeze();
      zombie = asleep.jobs[0]!;
    });
    afterEach(async () => {
      await sleeper.close();
      await proxy.close();
    });

    it.each([
      { type: 'done' },
      { type: 'lost' },
      { type: 'release' },
      { type: 'dead', reason: 'the zombie says so' },
      { type: 'later', at: Date.now() + 3_600_000 },
    ] as const)('belongs to the new one: the old one sees it, and its $type changes nothing', async (outcome) => {
      const awake = new Recorder();
      let finishNew!: () => void;
      work(
        queue,
        awake,
        () => new Promise((resolve) => (finishNew = () => resolve({ type: 'later', at: Date.now() + 60_000 }))),
      );
      await awake.taken(1);
      expect(awake.jobs[0]!.stalls).toBe(1);
      await proxy.resume();
      expect(await zombie.extendLock()).toBe(false);
      if (!zombie.signal.aborted) await new Promise((resolve) => zombie.signal.addEventListener('abort', resolve));
      finish(outcome);
      await workers[0]!.close(1_000);
      expect((await queue.find(mail.snapshot.id))?.state).toBe('active');
      expect(await awake.jobs[0]!.extendLock()).toBe(true);
      finishNew();
      const found = await eventually(
        () => queue.find(mail.snapshot.id),
        (one) => one?.state !== 'active',
      );
      expect(found).toMatchObject({ state: 'scheduled' });
      expect(found!.due! - Date.now()).toBeLessThan(61_000);
      expect(logger.lines.filter((line) => line.startsWith('error'))).toEqual([]);
    });
  });
});

/** On Postgres, a lock that ran out can still be renewed as long as nobody has taken the mail. */
describe('a mail on redis', () => {
  it('that the same process takes a second time, after sleeping past its lock, keeps its lock', async () => {
    const given = { redis: await redisUrl(), name: `loss-${randomUUID()}` };
    const queue = (await openMailQueue({ queue: given })).mailQueue;
    const mail = newMail();
    await queue.add(mail);
    const recorder = new Recorder();
    const finish: (() => void)[] = [];
    const worker = queue.work(
      recorder.handler(() => new Promise((resolve) => finish.push(() => resolve({ type: 'done' })))),
      { ...SOON, concurrency: 2 },
    );
    await recorder.taken(1);
    const until = Date.now() + 1_500;
    while (Date.now() < until); // The event loop is blocked: nothing renews the lock.
    await recorder.taken(2);
    const [first, second] = recorder.jobs as [MailJob, MailJob];
    expect(first.signal.aborted).toBe(true);
    expect(await first.extendLock()).toBe(false);
    finish[0]!();
    // Longer than a lock lasts.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await second.extendLock()).toBe(true);
    expect(recorder.jobs).toHaveLength(2);
    finish[1]!();
    await worker.close(1_000);
    expect(await queue.find(mail.snapshot.id)).toBeNull();
    await queue.close();
  });
});

describe.each([
  ...BACKENDS,
  { backend: 'embedded', server: async () => '', options: (): QueueOptions => ({ embedded: true }) },
])('a process with a queue on $backend', ({ server, options }) => {
  it('ends by itself once the queue is closed', async () => {
    const child = script.start('passer', JSON.stringify({ ...options(await server()), name: `end-${randomUUID()}` }));
    expect(await child.message()).toEqual({ closed: true });
    expect(await child.exited).toBe(0);
  });
});

describe.each(BACKENDS)('a process whose $backend is not there', ({ backend }) => {
  it('ends by itself once the queue is closed', async () => {
    const proxy = await startTcpProxy(1, { down: true });
    const url = `${backend}://127.0.0.1:${proxy.port}`;
    const child = script.start('passer', JSON.stringify({ [backend]: url }));
    expect(await child.message()).toEqual({ closed: true });
    expect(await child.exited).toBe(0);
    await proxy.close();
  });
});
