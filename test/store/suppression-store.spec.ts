import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { merged } from '../../lib/suppression/merge-entries.js';
import type { SuppressionEntry } from '../../lib/suppression/suppression-entry.interface.js';
import type { SuppressionKey, SuppressionStore } from '../../lib/suppression/suppression-store.interface.js';
import { BACKENDS, type OpenBackend } from '../support/backends.js';

const HOUR = 3_600_000;

describe.each(BACKENDS)('a suppression store on $name', ({ open }) => {
  let backend: OpenBackend;
  let store: SuppressionStore;
  let unique: string;

  beforeAll(async () => {
    backend = await open();
    store = backend.queue.suppressions;
    await store.find([], {});
  });
  beforeEach(() => {
    unique = randomUUID();
  });
  afterAll(() => backend.close());

  const to = (name: string): string => `${name}.${unique}@acme.test`;
  const entry = (name: string, more: Partial<SuppressionEntry> = {}): SuppressionEntry => ({
    address: to(name),
    reason: 'bounced',
    at: new Date(1_000),
    ...more,
  });
  const inAnHour = (): Date => new Date(backend.now() + HOUR);

  it('gives back all that was put, of the addresses that are asked for', async () => {
    const odd = `NUL no, but 👩‍👩‍👧, "quotes", \\ and %_ and '; --`;
    const full = entry('ada', { reason: odd, stream: 'news', tenant: 'x', source: odd, expires: inAnHour() });
    const plain = entry(`o'b"%r`.replace('"', ''), { at: new Date(-5) });
    await store.put([full, plain, entry('eve')]);
    const found = await store.find([full.address, plain.address, to('nobody')], { stream: 'news', tenant: 'x' });
    expect(found).toHaveLength(2);
    expect(found).toEqual(expect.arrayContaining([full, plain]));
    expect(await store.find([], {})).toEqual([]);
  });

  it('finds the entries of a mail’s stream and tenant, and those for all', async () => {
    const scopes = [{}, { stream: 'a' }, { tenant: 't' }, { stream: 'a', tenant: 't' }];
    await store.put(scopes.map((scope) => entry('ada', scope)));
    const found = async (scope: object): Promise<unknown[]> =>
      (await store.find([to('ada')], scope)).map(({ stream, tenant }) => `${stream ?? ''}/${tenant ?? ''}`).sort();
    expect(await found({})).toEqual(['/']);
    expect(await found({ stream: 'a' })).toEqual(['/', 'a/']);
    expect(await found({ tenant: 't' })).toEqual(['/', '/t']);
    expect(await found({ stream: 'a', tenant: 't' })).toEqual(['/', '/t', 'a/', 'a/t']);
    expect(await found({ stream: 'b', tenant: 't' })).toEqual(['/', '/t']);
    expect(await found({ stream: 't', tenant: 'a' })).toEqual(['/']);
  });

  it('merges what meets an entry of the same key, in whatever order', async () => {
    const some = fc.record(
      {
        reason: fc.constantFrom('bounced', 'complained', 'unsubscribed', 'manual', 'own'),
        hours: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
        source: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
        at: fc.integer({ min: 1, max: 9 }),
      },
      { requiredKeys: ['reason', 'at'] },
    );
    const now = backend.now();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(some, { minLength: 1, maxLength: 4 }), fc.boolean(), async (all, together) => {
        const name = `m${run++}`;
        const entries = all.map(({ reason, hours, source, at }) =>
          entry(name, {
            reason,
            at: new Date(at),
            ...(source !== undefined && { source }),
            ...(hours !== undefined && { expires: new Date(now + hours * HOUR) }),
          }),
        );
        if (together) await store.put(entries);
        else for (const one of entries) await store.put([one]);
        expect(await store.find([to(name)], {})).toEqual([entries.reduce(merged)]);
      }),
      { numRuns: 60 },
    );
  });

  it('forgets what has expired: it is neither found, nor in a page, nor merged with, nor removed', async () => {
    const short = (name: string): SuppressionEntry =>
      entry(name, { reason: 'complained', expires: new Date(backend.now() + 1_000) });
    await store.put([short('ada'), short('bob'), entry('cy'), entry('eve', { expires: new Date(backend.now() - 1) })]);
    expect(await store.find([to('ada'), to('eve')], {})).toHaveLength(1);
    await backend.pass(1_100);
    expect(await store.find([to('ada'), to('bob'), to('eve')], {})).toEqual([]);
    expect(await addresses({ search: unique })).toEqual([to('cy')]);
    expect(await store.delete({ address: to('ada') })).toBe(false);
    const fresh = entry('bob', { reason: 'manual', expires: inAnHour() });
    await store.put([fresh]);
    expect(await store.find([to('bob')], {})).toEqual([fresh]);
  });

  it('removes exactly the entry of the scope, and says whether there was one', async () => {
    await store.put([entry('ada'), entry('ada', { stream: 'a' }), entry('ada', { stream: 'a', tenant: 't' })]);
    expect(await store.delete({ address: to('ada'), tenant: 't' })).toBe(false);
    expect(await store.delete({ address: to('ada'), stream: 'a' })).toBe(true);
    expect(await store.delete({ address: to('ada'), stream: 'a' })).toBe(false);
    expect(await store.find([to('ada')], { stream: 'a', tenant: 't' })).toHaveLength(2);
    expect(await store.delete({ address: to('ada') }, 'unsubscribed')).toBe(false);
    expect(await store.delete({ address: to('ada') }, 'bounced')).toBe(true);
    expect(await addresses({ search: unique })).toEqual([to('ada')]);
  });

  it('gives pages, each behind the other, also while others are written', async () => {
    const names = Array.from({ length: 25 }, (_, n) => `p${String(n).padStart(2, '0')}`);
    await store.put(names.map((name) => entry(name)));
    const first = await store.page({ limit: 10, search: unique });
    expect(first.entries.map(({ address }) => address)).toEqual(names.slice(0, 10).map(to));
    await store.put([entry('p00a'), entry('p20a')]);
    await store.delete({ address: to('p09') });
    const second = await store.page({ limit: 10, search: unique, after: first.next! });
    expect(second.entries.map(({ address }) => address)).toEqual(names.slice(10, 20).map(to));
    const third = await store.page({ limit: 10, search: unique, after: second.next! });
    expect(third.entries.map(({ address }) => address)).toEqual(['p20', 'p20a', 'p21', 'p22', 'p23', 'p24'].map(to));
    expect(third.next).toBeUndefined();
  });

  it('gives a page of a stream, of a tenant, and of a part of the address, whatever its characters', async () => {
    await store.put([
      entry('ada', { stream: 'a' }),
      entry('bob', { tenant: 't' }),
      entry('cy.%_', { stream: 'a', tenant: 't' }),
      entry('dan'),
    ]);
    expect(await addresses({ search: unique })).toEqual(['ada', 'bob', 'cy.%_', 'dan'].map(to));
    expect(await addresses({ search: unique, stream: 'a' })).toEqual(['ada', 'cy.%_'].map(to));
    expect(await addresses({ search: unique, tenant: 't' })).toEqual(['bob', 'cy.%_'].map(to));
    expect(await addresses({ search: unique, stream: 'a', tenant: 't' })).toEqual([to('cy.%_')]);
    expect(await addresses({ search: `y.%_.${unique}` })).toEqual([to('cy.%_')]);
    expect(await addresses({ search: `d%n.${unique}` })).toEqual([]);
  });

  it('counts each soft bounce once, within the time given, whatever order they come in', async () => {
    const [address, now] = [to('ada'), backend.now()];
    const count = (event: string, at: number): Promise<number> => store.countSoftBounce(address, event, now + at, HOUR);
    expect(await count('1', 0)).toBe(1);
    expect(await count('1', 0)).toBe(1);
    expect(await count('2', HOUR / 2)).toBe(2);
    expect(await count('3', HOUR / 4)).toBe(3);
    expect(await count('4', HOUR)).toBe(3);
    expect(await count('5', -1)).toBe(3);
    expect(await store.countSoftBounce(to('bob'), '1', now, HOUR)).toBe(1);
    const many = Array.from({ length: 8 }, (_, n) => store.countSoftBounce(to('cy'), `${n}`, now, HOUR));
    expect(Math.max(...(await Promise.all(many)))).toBe(8);
  });

  async function addresses(query: SuppressionKey | object): Promise<string[]> {
    const { entries, next } = await store.page({ limit: 1_000, ...query });
    expect(next).toBeUndefined();
    return entries.map(({ address }) => address);
  }
});
