import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Count, MOST_OF_A_DAY } from '../../lib/events/count-store.interface.js';
import { BACKENDS, type OpenBackend } from '../support/backends.js';

const DAY = '2026-11-27';
const counted = (tag: string, day = DAY): Count => ({
  day,
  provider: 'acme',
  stream: 'transactional',
  tag,
  type: 'sent',
  count: 1,
});

describe.each(BACKENDS.filter(({ name }) => name !== 'memory'))('counters on $name', ({ open }) => {
  let backend: OpenBackend;
  beforeAll(async () => void (backend = await open()));
  afterAll(() => backend?.close());

  it('keeps a day readable whose tags never end, and goes on with those that it has', async () => {
    const { counts } = backend.queue;
    for (let from = 0; from < MOST_OF_A_DAY; from += 2_500)
      await counts.add(Array.from({ length: 2_500 }, (_, index) => counted(`order-${from + index}`)));
    await counts.add([counted('one too many'), counted('order-7'), counted('')]);
    await counts.add([counted(''), counted('next day', '2026-11-28')]);
    const all = await counts.read([DAY, '2026-11-28']);
    expect(all).toHaveLength(MOST_OF_A_DAY + 2);
    const of = (tag: string): number | undefined => all.find((one) => one.tag === tag)?.count;
    expect([of('one too many'), of('order-7'), of(''), of('next day')]).toEqual([undefined, 2, 2, 1]);
  }, 60_000);
});
