import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { QueuePlace } from '../../lib/queue/queue-inspection.interface.js';
import { BACKENDS, type OpenBackend } from '../support/backends.js';
import { newMail } from '../support/snapshots.js';

const PLACES: readonly QueuePlace[] = ['waiting', 'scheduled', 'deferred', 'sending', 'dead'];

describe.each(BACKENDS)('a look into the queue on $name', ({ open }) => {
  let backend: OpenBackend;
  beforeEach(async () => void (backend = await open()));
  afterEach(() => backend?.close());

  it('goes on where it was, and bears a cursor of another list or of nobody', async () => {
    const { queue } = backend;
    const mails = [1, 2, 3, 4].map((number) =>
      newMail({ notBefore: backend.now() + 3_600_000 + number }, { delay: number < 3 ? 0 : 3_600_000 + number }),
    );
    for (const mail of mails) await queue.add(mail);
    const ids = mails.map(({ snapshot }) => snapshot.id);
    for (const [place, [first, second]] of [
      ['waiting', ids.slice(0, 2)],
      ['scheduled', ids.slice(2)],
    ] as const) {
      const page = await queue.inspection.page(place, undefined, 1);
      expect(page.ids).toEqual([first]);
      expect((await queue.inspection.page(place, page.cursor, 1)).ids).toEqual([second]);
    }
    for (const place of PLACES)
      for (const cursor of ['p_3', '7_a0-b', '1_', '0_0', '1.5e+9_3', '999999999999999999_1', 'nonsense'])
        await expect(queue.inspection.page(place, cursor, 5)).resolves.toHaveProperty('ids');
  });

  it('finds what was deferred behind many that are scheduled', async () => {
    const { queue } = backend;
    const later = [1, 2, 3].map(() => newMail());
    const worker = queue.work(async () => ({ type: 'later', at: backend.now() + 7_200_000 }), { concurrency: 1 });
    for (const mail of later) await queue.add(mail);
    const ids = later.map(({ snapshot }) => snapshot.id);
    await expect.poll(async () => (await queue.inspection.counts()).deferred, { timeout: 20_000 }).toBe(3);
    await worker.close(1_000);
    const scheduled = Array.from({ length: 1_200 }, () =>
      newMail({ notBefore: backend.now() + 3_600_000 }, { delay: 3_600_000 }),
    );
    await queue.addMany(scheduled);
    await expect
      .poll(async () => (await queue.inspection.counts()).scheduled, { timeout: 20_000 })
      .toBeGreaterThanOrEqual(1_200);
    const first = await queue.inspection.page('deferred', undefined, 2);
    const second = await queue.inspection.page('deferred', first.cursor, 2);
    expect([...first.ids, ...second.ids]).toEqual(ids);
  }, 60_000);
});
