import { beforeEach, describe, expect, it } from 'vitest';
import { MailMessageError } from '../../lib/errors/mail-message.error.js';
import { MemorySuppressionStore } from '../../lib/store/memory.suppression-store.js';
import type { SuppressionEntry } from '../../lib/suppression/suppression-entry.interface.js';
import { SuppressionList } from '../../lib/suppression/suppression-list.js';

describe('a suppression list', () => {
  let now: number;
  let list: SuppressionList;

  beforeEach(() => {
    now = 1_000_000;
    list = new SuppressionList(new MemorySuppressionStore(() => now), () => now);
  });

  const named = async (addresses: string[], scope?: object): Promise<string[]> => [
    ...(await list.check(addresses, scope)).keys(),
  ];

  it('answers by the address as it was asked for, whatever its case', async () => {
    await list.add({ address: 'Ada <Ada@Bücher.Test>', reason: 'bounced', source: 'postmark' });
    const asked = ['ADA@bücher.test', 'ada@xn--bcher-kva.test', 'Ada <ada@bücher.test>', 'bob@acme.test', 'no address'];
    const found = await list.check(asked);
    expect([...found.keys()]).toEqual(asked.slice(0, 3));
    const entry = { address: 'ada@xn--bcher-kva.test', reason: 'bounced', source: 'postmark', at: new Date(now) };
    expect([...found.values()]).toEqual([entry, entry, entry]);
  });

  it('takes nobody for somebody else: what stands behind a plus, and dots, count', async () => {
    await list.add({ address: 'ada@acme.test', reason: 'complained' });
    expect(await named(['ada+news@acme.test', 'a.da@acme.test', 'ada@mail.acme.test'])).toEqual([]);
  });

  it('holds back only the mails of the entry’s stream and tenant', async () => {
    await list.add({ address: 'all@acme.test', reason: 'manual' });
    await list.add({ address: 'stream@acme.test', reason: 'unsubscribed', stream: 'broadcast' });
    await list.add({ address: 'tenant@acme.test', reason: 'manual', tenant: 't' });
    await list.add({ address: 'both@acme.test', reason: 'manual', stream: 'broadcast', tenant: 't' });
    const asked = ['all@acme.test', 'stream@acme.test', 'tenant@acme.test', 'both@acme.test'];
    expect(await named(asked)).toEqual(asked.slice(0, 1));
    expect(await named(asked, { stream: 'transactional', tenant: 'u' })).toEqual(asked.slice(0, 1));
    expect(await named(asked, { stream: 'broadcast' })).toEqual(asked.slice(0, 2));
    expect(await named(asked, { tenant: 't' })).toEqual(['all@acme.test', 'tenant@acme.test']);
    expect(await named(asked, { stream: 'broadcast', tenant: 't' })).toEqual(asked);
  });

  it('names the entry that is for ever, then that with the wider scope, then that with the weightier reason', async () => {
    const address = 'ada@acme.test';
    const expires = new Date(now + 1_000);
    const scope = { stream: 'broadcast', tenant: 't' };
    const entryNamed = async (): Promise<SuppressionEntry> => (await list.check([address], scope)).get(address)!;
    await list.add({ address, reason: 'complained', expires });
    await list.add({ address, reason: 'bounced', ...scope });
    expect(await entryNamed()).toMatchObject({ reason: 'bounced', ...scope });
    await list.add({ address, reason: 'unsubscribed', stream: 'broadcast' });
    expect(await entryNamed()).toMatchObject({ reason: 'unsubscribed' });
    await list.add({ address, reason: 'manual', tenant: 't' });
    expect(await entryNamed()).toMatchObject({ reason: 'manual', tenant: 't' });
    await list.add({ address, reason: 'bounced' });
    const entry = await entryNamed();
    expect(entry).toMatchObject({ reason: 'complained' });
    expect([entry.stream, entry.tenant, entry.expires]).toEqual([undefined, undefined, undefined]);
  });

  it('lets a bounce hide no complaint, and a temporary entry shorten none that is for ever', async () => {
    const address = 'ada@acme.test';
    const only = async (): Promise<SuppressionEntry> => (await list.check([address])).get(address)!;
    await list.add({ address, reason: 'bounced', source: 'a' });
    await list.add({ address, reason: 'bounced', source: 'b', expires: new Date(now + 1_000) });
    expect(await only()).toEqual({ address, reason: 'bounced', source: 'a', at: new Date(now) });
    now += 5;
    await list.add({ address, reason: 'unsubscribed', source: 'c', expires: new Date(now + 1_000) });
    expect(await only()).toEqual({ address, reason: 'unsubscribed', source: 'c', at: new Date(now) });
    await list.add({ address, reason: 'bounced', source: 'd' });
    expect(await only()).toMatchObject({ reason: 'unsubscribed', source: 'c' });
    await list.add({ address, reason: 'complained', source: 'e' });
    expect(await only()).toMatchObject({ reason: 'complained', source: 'e' });
  });

  it('lets an address go when its time is over', async () => {
    await list.add({ address: 'ada@acme.test', reason: 'bounced', expires: new Date(now + 1_000) });
    await list.add({ address: 'bob@acme.test', reason: 'bounced', expires: new Date(now - 1) });
    expect(await named(['ada@acme.test', 'bob@acme.test'])).toEqual(['ada@acme.test']);
    now += 1_000;
    expect(await named(['ada@acme.test'])).toEqual([]);
    expect((await list.list()).entries).toEqual([]);
  });

  it('removes the entry of exactly the scope given', async () => {
    await list.add({ address: 'ada@acme.test', reason: 'unsubscribed', stream: 'broadcast' });
    expect(await list.remove('ada@acme.test')).toBe(false);
    expect(await list.remove('ADA@Acme.test', { stream: 'broadcast' })).toBe(true);
    expect(await list.remove('ada@acme.test', { stream: 'broadcast' })).toBe(false);
    await expect(list.remove('nobody')).rejects.toThrow('address: "nobody" is no mail address');
  });

  it.each([
    ['address', { address: 'nobody', reason: 'manual' }],
    ['address', { address: 'a@x.test\r\nBcc: b@x.test', reason: 'manual' }],
    ['address', { address: 5, reason: 'manual' }],
    ['reason', { address: 'a@x.test', reason: '' }],
    ['reason', { address: 'a@x.test', reason: 'x'.repeat(256) }],
    ['stream', { address: 'a@x.test', reason: 'manual', stream: '' }],
    ['tenant', { address: 'a@x.test', reason: 'manual', tenant: 'a\nb' }],
    ['source', { address: 'a@x.test', reason: 'manual', source: 'a\0' }],
    ['expires', { address: 'a@x.test', reason: 'manual', expires: '2030-01-01' }],
    ['at', { address: 'a@x.test', reason: 'manual', at: new Date(NaN) }],
  ])('refuses an entry with a wrong %s, and names it', async (field, entry) => {
    const error = await list.add(entry as never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MailMessageError);
    expect(error).toMatchObject({ field, message: expect.stringMatching(new RegExp(`^${field}: `)) });
  });

  it('is read a page at a time: of all, of a stream, of a part of the address', async () => {
    for (let n = 0; n < 5; n++)
      await list.add({ address: `p${n}@acme.test`, reason: 'manual', ...(n % 2 && { stream: 's' }) });
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await list.list({ limit: 2, ...(cursor !== undefined && { cursor }) });
      pages.push(page.entries.map(({ address }) => address));
      cursor = page.cursor;
      if (pages.length === 1) await list.add({ address: 'p0a@acme.test', reason: 'manual' });
    } while (cursor !== undefined);
    expect(pages).toEqual([['p0@acme.test', 'p1@acme.test'], ['p2@acme.test', 'p3@acme.test'], ['p4@acme.test']]);
    expect((await list.list({ stream: 's' })).entries).toHaveLength(2);
    expect((await list.list({ search: 'P3@ACME' })).entries).toMatchObject([{ address: 'p3@acme.test' }]);
  });

  it('gives 100 entries a page unless told otherwise, and at most 1,000', async () => {
    await list.import(Array.from({ length: 1_001 }, (_, n) => ({ address: `p${n}@acme.test` })));
    expect((await list.list()).entries).toHaveLength(100);
    expect((await list.list({ limit: 1_000 })).entries).toHaveLength(1_000);
    for (const limit of [0, 1_001, 1.5, NaN]) await expect(list.list({ limit })).rejects.toThrow('limit: must be');
  });

  it.each([
    '',
    'x',
    'bm90aGluZw',
    Buffer.from('["a","b"]').toString('base64url'),
    7,
    Buffer.from('["a\\u0000","",""]').toString('base64url'),
  ])('refuses a cursor that it did not give (%j)', async (cursor) => {
    await expect(list.list({ cursor: cursor as string })).rejects.toThrow('cursor: is none that list() gave');
  });
});
