import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'devalue';
import type { JobHandler, MailQueue, MailWorker } from '../../lib/queue/mail-queue.interface.js';
import { BACKENDS, type OpenBackend } from '../support/backends.js';
import { eventually, Recorder } from '../support/recorder.js';
import { newMail } from '../support/snapshots.js';

describe.each(BACKENDS)('a mail queue on $name', ({ open }) => {
  let backend: OpenBackend;
  let queue: MailQueue;
  const workers: MailWorker[] = [];
  const work = (handler: JobHandler, concurrency = 1): MailWorker => {
    const worker = queue.work(handler, { concurrency });
    workers.push(worker);
    return worker;
  };
  const gone = (id: string): Promise<unknown> =>
    eventually(
      () => queue.find(id),
      (found) => found === null,
    );

  beforeAll(async () => {
    backend = await open();
    queue = backend.queue;
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.close(1_000)));
    await backend.clear();
  });
  afterAll(() => backend.close());

  it('gives a worker the very mail that was queued, whatever is in its words', async () => {
    const words = { nul: 'a\u0000b', surrogates: '\ud800x\udc00', emoji: '👩‍👩‍👧', quotes: '\\u0000 \\" \n' };
    const content = Buffer.from([0, 255, 13, 10]).toString('base64');
    const mail = newMail({ body: stringify(words), attachments: [{ contentType: 'x/y', filename: 'ü.pdf', content }] });
    expect(await queue.add(mail)).toEqual({ id: mail.snapshot.id, duplicate: false });
    const recorder = new Recorder();
    work(recorder.handler());
    await recorder.taken(1);
    expect(recorder.jobs[0]!.snapshot).toEqual(mail.snapshot);
    await gone(mail.snapshot.id);
  });

  it('says where a mail is', async () => {
    const mail = newMail();
    const { id } = mail.snapshot;
    expect(await queue.find(id)).toBeNull();
    await queue.add(mail);
    expect(await queue.find(id)).toEqual({ snapshot: mail.snapshot, state: 'queued' });
    const recorder = new Recorder();
    let finish!: () => void;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    work(recorder.handler(() => finished.then(() => ({ type: 'done' }))));
    await recorder.taken(1);
    expect((await queue.find(id))?.state).toBe('active');
    finish();
    await gone(id);
  });

  it('keeps a mail until it is due', async () => {
    const now = backend.now();
    const mail = newMail({}, { delay: 300 });
    await queue.add(mail);
    const found = await queue.find(mail.snapshot.id);
    expect(found?.state).toBe('scheduled');
    expect(found!.due! - now).toBeGreaterThanOrEqual(300);
    expect(found!.due! - backend.now()).toBeLessThanOrEqual(300);
    const recorder = new Recorder();
    work(recorder.handler(() => ({ type: 'done' })));
    const soon = newMail();
    await queue.add(soon);
    await recorder.taken(1);
    expect(recorder.ids).toEqual([soon.snapshot.id]);
    await backend.pass(320);
    await recorder.taken(2);
    expect(backend.now()).toBeGreaterThanOrEqual(found!.due!);
  });

  it('lets high overtake normal, and normal overtake low', async () => {
    const mails = (['low', 'normal', 'low', 'high', 'normal', 'high'] as const).map((priority) =>
      newMail({ priority }),
    );
    await queue.addMany(mails);
    const recorder = new Recorder();
    work(recorder.handler());
    await recorder.taken(mails.length);
    expect(recorder.ids).toEqual([3, 5, 1, 4, 0, 2].map((index) => mails[index]!.snapshot.id));
  });

  it('queues many in their order, and none at all', async () => {
    expect(await queue.addMany([])).toEqual([]);
    const mails = Array.from({ length: 200 }, () => newMail());
    expect(await queue.addMany(mails)).toEqual(mails.map(({ snapshot: { id } }) => ({ id, duplicate: false })));
    const recorder = new Recorder();
    work(recorder.handler(), 10);
    await recorder.taken(200);
    expect(new Set(recorder.ids)).toEqual(new Set(mails.map(({ snapshot }) => snapshot.id)));
  });

  it('never has more mails in hand than its concurrency', async () => {
    let most = 0;
    let now = 0;
    const recorder = new Recorder();
    await queue.addMany(Array.from({ length: 20 }, () => newMail()));
    const handler = recorder.handler(async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now--;
      return { type: 'done' };
    });
    work(handler, 3);
    await recorder.taken(20);
    expect(most).toBe(3);
  });

  describe('with an idempotency key', () => {
    let key: { id: string; ttl: number };
    beforeEach(() => {
      key = { id: randomUUID(), ttl: 60_000 };
    });

    it('queues the first mail only, and says which that was, even when it is sent already', async () => {
      const first = newMail();
      expect((await queue.add({ ...first, deduplication: key })).duplicate).toBe(false);
      expect(await queue.add(newMail({}, { deduplication: key }))).toEqual({ id: first.snapshot.id, duplicate: true });
      const recorder = new Recorder();
      work(recorder.handler());
      await gone(first.snapshot.id);
      expect(await queue.add(newMail({}, { deduplication: key }))).toEqual({ id: first.snapshot.id, duplicate: true });
      expect(recorder.ids).toEqual([first.snapshot.id]);
    });

    it('finds duplicates among many, and among themselves', async () => {
      const [a, b, c] = [newMail(), newMail(), newMail()];
      await queue.add({ ...a, deduplication: key });
      const other = { id: randomUUID(), ttl: 60_000 };
      const added = await queue.addMany([
        newMail({}, { deduplication: key }),
        { ...b, deduplication: other },
        c,
        newMail({}, { deduplication: other }),
      ]);
      expect(added).toEqual([
        { id: a.snapshot.id, duplicate: true },
        { id: b.snapshot.id, duplicate: false },
        { id: c.snapshot.id, duplicate: false },
        { id: b.snapshot.id, duplicate: true },
      ]);
    });

    it('takes the same mail again for the same, not for a duplicate', async () => {
      const mail = newMail({}, { deduplication: key });
      await queue.add(mail);
      expect(await queue.add(mail)).toEqual({ id: mail.snapshot.id, duplicate: false });
    });

    it('holds the key for its time, scheduled mails included, and no longer', async () => {
      const short = { id: randomUUID(), ttl: 300 };
      const first = newMail({}, { delay: 100, deduplication: short });
      await queue.add(first);
      const recorder = new Recorder();
      work(recorder.handler());
      await backend.pass(150);
      await gone(first.snapshot.id);
      expect((await queue.add(newMail({}, { deduplication: short }))).duplicate).toBe(true);
      await backend.pass(200);
      expect((await queue.add(newMail({}, { deduplication: short }))).duplicate).toBe(false);
    });

    it('frees a key when it is asked to, and takes one that nobody holds for free', async () => {
      await queue.add(newMail({}, { deduplication: key }));
      await queue.free(key.id);
      await queue.free(key.id);
      expect((await queue.add(newMail({}, { deduplication: key }))).duplicate).toBe(false);
    });

    it('frees the key of a mail that is taken out', async () => {
      const first = newMail({}, { delay: 60_000, deduplication: key });
      await queue.add(first);
      expect(await queue.remove(first.snapshot.id)).toBe(true);
      expect((await queue.add(newMail({}, { deduplication: key }))).duplicate).toBe(false);
    });
  });

  describe('taking a mail out', () => {
    it.each([0, 60_000])('removes one that waits (delay %i)', async (delay) => {
      const mail = newMail({}, { delay });
      await queue.add(mail);
      expect(await queue.remove(mail.snapshot.id)).toBe(true);
      expect(await queue.find(mail.snapshot.id)).toBeNull();
      expect(await queue.remove(mail.snapshot.id)).toBe(false);
    });

    it('leaves one alone that a worker has, or that is a dead letter, or unknown', async () => {
      const mail = newMail();
      await queue.add(mail);
      const recorder = new Recorder();
      const removed: boolean[] = [];
      work(
        recorder.handler(async () => {
          removed.push(await queue.remove(mail.snapshot.id));
          return { type: 'dead', reason: 'x' };
        }),
      );
      await eventually(
        () => queue.find(mail.snapshot.id),
        (found) => found?.state === 'failed',
      );
      expect(removed).toEqual([false]);
      expect(await queue.remove(mail.snapshot.id)).toBe(false);
      expect(await queue.remove('nobody')).toBe(false);
    });
  });

  it('tries a mail again later, as often as it is told, and counts nothing', async () => {
    const mail = newMail();
    await queue.add(mail);
    const recorder = new Recorder();
    const handled = recorder.handler((_job, n) =>
      n < 4 ? { type: 'later', at: backend.now() + 40 } : { type: 'done' },
    );
    work(handled);
    for (let n = 1; n <= 5; n++) {
      await recorder.taken(n);
      await backend.pass(60);
    }
    await gone(mail.snapshot.id);
    expect(recorder.jobs.map(({ first }) => first)).toEqual([true, false, false, false, false]);
    expect(recorder.jobs.map(({ stalls }) => stalls)).toEqual([0, 0, 0, 0, 0]);
  });

  it('shows a mail that waits for its next attempt as scheduled, with its time', async () => {
    const mail = newMail();
    await queue.add(mail);
    const at = backend.now() + 50_000;
    work(new Recorder().handler(() => ({ type: 'later', at })));
    const found = await eventually(
      () => queue.find(mail.snapshot.id),
      (one) => one?.state === 'scheduled',
    );
    expect(found).toEqual({ snapshot: mail.snapshot, state: 'scheduled', due: at });
  });

  it('tries a mail again at once whose time has passed already', async () => {
    await queue.add(newMail());
    const recorder = new Recorder();
    work(recorder.handler((_job, n) => (n === 0 ? { type: 'later', at: backend.now() - 1_000 } : { type: 'done' })));
    await recorder.taken(2);
  });

  it('goes on with the other mails when one is put off', async () => {
    const mails = [newMail(), newMail(), newMail()];
    await queue.addMany(mails);
    const recorder = new Recorder();
    work(recorder.handler((_job, n) => (n === 0 ? { type: 'later', at: backend.now() + 60_000 } : { type: 'done' })));
    await recorder.taken(3);
    expect(recorder.ids).toEqual(mails.map(({ snapshot }) => snapshot.id));
  });

  it('keeps dead letters, and retries them whenever somebody asks', async () => {
    const mail = newMail({ priority: 'low' });
    const { id } = mail.snapshot;
    await queue.add(mail);
    expect(await queue.retry(id)).toBe(false);
    const recorder = new Recorder();
    work(
      recorder.handler((_job, n) =>
        n < 3 ? { type: 'dead', reason: `no ${n}, \u0000 \ud800 ${'x'.repeat(5_000)}` } : { type: 'done' },
      ),
    );
    for (let n = 1; n <= 3; n++) {
      await recorder.taken(n);
      const found = await eventually(
        () => queue.find(id),
        (one) => one?.state === 'failed',
      );
      expect(found).toEqual({ snapshot: mail.snapshot, state: 'failed' });
      expect(await queue.retry(id)).toBe(true);
    }
    await recorder.taken(4);
    await gone(id);
    expect(await queue.retry(id)).toBe(false);
    expect(await queue.retry('nobody')).toBe(false);
  });

  it('gives a released mail to the next worker at once, ahead of the others', async () => {
    const mails = [newMail(), newMail()];
    await queue.addMany(mails);
    const recorder = new Recorder();
    work(recorder.handler((_job, n) => (n === 0 ? { type: 'release' } : { type: 'done' })));
    await recorder.taken(3);
    expect(recorder.ids).toEqual([0, 0, 1].map((index) => mails[index]!.snapshot.id));
    expect(recorder.jobs[1]).toMatchObject({ first: false, stalls: 0 });
  });

  it('takes a handler that throws for a defect: the mail stays, and is tried later', async () => {
    const mail = newMail();
    await queue.add(mail);
    work(
      new Recorder().handler(() => {
        throw new Error('a defect, staged by a test');
      }),
    );
    const found = await eventually(
      () => queue.find(mail.snapshot.id),
      (one) => one?.state === 'scheduled',
    );
    expect(found!.due! - backend.now()).toBeGreaterThan(50_000);
  });

  describe('when it shuts down', () => {
    it('lets mails in flight finish, and takes no more', async () => {
      const mails = [newMail(), newMail()];
      await queue.addMany(mails);
      const recorder = new Recorder();
      let finish!: () => void;
      const finished = new Promise<void>((resolve) => (finish = resolve));
      const worker = work(recorder.handler(() => finished.then(() => ({ type: 'done' }))));
      await recorder.taken(1);
      const closed = worker.close(10_000);
      finish();
      await closed;
      expect(recorder.ids).toEqual([mails[0]!.snapshot.id]);
      expect(recorder.jobs[0]!.signal.aborted).toBe(false);
      expect(await queue.find(mails[0]!.snapshot.id)).toBeNull();
      expect((await queue.find(mails[1]!.snapshot.id))?.state).toBe('queued');
    });

    it('hands back at the deadline what is not done, with no stall counted', async () => {
      const mails = [newMail(), newMail()];
      await queue.addMany(mails);
      const recorder = new Recorder();
      const worker = work(
        recorder.handler(
          ({ signal }) =>
            new Promise((resolve) =>
              signal.addEventListener('abort', () => resolve({ type: 'release' }), { once: true }),
            ),
        ),
        2,
      );
      await recorder.taken(2);
      await worker.close(20);
      for (const { snapshot } of mails) expect((await queue.find(snapshot.id))?.state).toBe('queued');
      const next = new Recorder();
      work(next.handler(), 2);
      await next.taken(2);
      expect(next.jobs.map(({ stalls, first }) => ({ stalls, first }))).toEqual([
        { stalls: 0, first: false },
        { stalls: 0, first: false },
      ]);
    });
  });
});

describe.each(BACKENDS.filter(({ name }) => name !== 'memory'))('a closed mail queue on $name', ({ open }) => {
  it('refuses everything, instead of never answering', { timeout: 60_000 }, async () => {
    const { queue } = await open();
    const last = queue.add(newMail());
    await queue.close();
    expect((await last).duplicate).toBe(false);
    const calls = [
      queue.add(newMail()),
      queue.addMany([newMail()]),
      queue.find('x'),
      queue.remove('x'),
      queue.retry('x'),
      queue.store.load('x'),
      queue.store.begin('x', 1, 0, 'main'),
    ];
    for (const call of calls)
      await expect(call).rejects.toMatchObject({ name: 'QueueUnavailableError', stored: false });
    await queue.close();
  });
});
