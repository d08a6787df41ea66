import * as fc from 'fast-check';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { MemorySuppressionStore } from '../../lib/store/memory.suppression-store.js';
import { SuppressionList } from '../../lib/suppression/suppression-list.js';
import { newList } from './support.js';

const at = new Date('2026-01-02T03:04:05.678Z');

describe('an export', () => {
  it('is CSV with a row an entry, of all or of a scope', async () => {
    const { list, csv } = newList();
    await list.add({ address: 'ada@acme.test', reason: 'bounced', source: 'a "b", c', at });
    await list.add({
      address: 'bob@acme.test',
      reason: 'manual',
      stream: 's',
      tenant: 't',
      at,
      expires: new Date(32503680000000),
    });
    const head = 'address,reason,stream,tenant,source,at,expires\n';
    const ada = 'ada@acme.test,bounced,,,"a ""b"", c",2026-01-02T03:04:05.678Z,\n';
    const bob = 'bob@acme.test,manual,s,t,,2026-01-02T03:04:05.678Z,3000-01-01T00:00:00.000Z\n';
    expect(await csv()).toBe(head + ada + bob);
    const parts: string[] = [];
    for await (const chunk of list.export({ tenant: 't' })) parts.push(String(chunk));
    expect(parts.join('')).toBe(head + bob);
  });

  it('holds no cell that a spreadsheet would run', async () => {
    const { list, csv } = newList();
    const addresses = ['=1+1@acme.test', '-a@acme.test', '+1@acme.test', `'=a@acme.test`, `'a@acme.test`];
    await list.import(addresses.map((address) => ({ address, reason: '=cmd()', source: '@SUM(A1)', at })));
    const rows = parse(await csv()) as string[][];
    expect(rows).toHaveLength(6);
    for (const cell of rows.flat()) expect(cell).not.toMatch(/^[=+\-@]/);
    const copy = newList();
    await copy.list.import(list.export());
    expect((await copy.entries()).map(({ address }) => address).sort()).toEqual(addresses.sort());
    expect((await copy.entries())[0]).toMatchObject({ reason: '=cmd()', source: '@SUM(A1)' });
  });

  it('is read back as it was written', async () => {
    const word = fc
      .string({
        minLength: 1,
        maxLength: 20,
        unit: fc.oneof(fc.constantFrom(...`'"=+-@,; \\é👩`), fc.string({ minLength: 1, maxLength: 1 })),
      })
      .filter((text) => text.length < 255);
    const local = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(...`abz019!#$%&'*+/=?^_\`{|}~-`) });
    const entry = fc.record(
      {
        address: local.map((text) => `${text}@acme.test`),
        reason: word,
        stream: word,
        tenant: word,
        source: word,
        at: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
        expires: fc.date({ min: new Date('2200-01-01'), max: new Date('2300-01-01'), noInvalidDate: true }),
      },
      { requiredKeys: ['address', 'reason', 'at'] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 20 }), async (entries) => {
        const [first, second] = [newList(), newList()];
        expect(await first.list.import(entries)).toEqual({ added: entries.length, invalid: 0 });
        const before = await first.entries();
        expect(await second.list.import(first.list.export())).toEqual({ added: before.length, invalid: 0 });
        expect(await second.entries()).toEqual(before);
      }),
      { numRuns: 300 },
    );
  });

  it('asks the store for a page at a time, and for none that nobody reads', async () => {
    const store = new MemorySuppressionStore();
    const list = new SuppressionList(store);
    await list.import(Array.from({ length: 5_000 }, (_, n) => ({ address: `p${n}@acme.test` })));
    let pages = 0;
    const page = store.page.bind(store);
    store.page = (query) => {
      pages++;
      return page(query);
    };
    const csv = list.export();
    for await (const _ of csv) break;
    await new Promise((resolve) => setImmediate(resolve));
    expect(csv.destroyed).toBe(true);
    expect(pages).toBeLessThan(3);
    let rows = 0;
    for await (const chunk of list.export()) rows += String(chunk).split('\n').length - 1;
    expect(rows).toBe(5_001);
  });

  it('fails with what the store fails with', async () => {
    const store = new MemorySuppressionStore();
    store.page = () => Promise.reject(new Error('connection lost'));
    const read = async (): Promise<void> => {
      for await (const _ of new SuppressionList(store).export()) continue;
    };
    await expect(read()).rejects.toThrow('connection lost');
  });
});
