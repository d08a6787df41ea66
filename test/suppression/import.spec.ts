import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { MemorySuppressionStore } from '../../lib/store/memory.suppression-store.js';
import type { SuppressionEntry } from '../../lib/suppression/suppression-entry.interface.js';
import { SuppressionList } from '../../lib/suppression/suppression-list.js';
import { heldBytes } from '../support/held-bytes.js';
import { until } from '../support/recorder.js';
import { newList } from './support.js';

const MB = 1024 * 1024;

const file = (text: string, size = 7): Readable => {
  const bytes = Buffer.from(text);
  const count = Math.ceil(bytes.length / size);
  return Readable.from(Array.from({ length: count }, (_, n) => bytes.subarray(n * size, (n + 1) * size)));
};

async function imported(text: string, size?: number): Promise<{ counts: object; entries: SuppressionEntry[] }> {
  const { list, entries } = newList();
  return { counts: await list.import(file(text, size)), entries: await entries() };
}

const day = new Date('2026-01-02T03:04:05.000Z');

describe('an import of entries', () => {
  it('takes what is valid, and counts what is not', async () => {
    const { list, entries } = newList();
    const rows = [
      { address: 'ada@acme.test' },
      { address: 'nobody' },
      null,
      { address: 'bob@acme.test', at: day, reason: 'bounced' },
    ];
    expect(await list.import(rows as never)).toEqual({ added: 2, invalid: 2 });
    expect(await entries()).toEqual([
      { address: 'ada@acme.test', reason: 'manual', at: expect.any(Date) },
      { address: 'bob@acme.test', reason: 'bounced', at: day },
    ]);
    expect(await list.import(Readable.from(rows.filter((row) => row !== null)))).toEqual({ added: 2, invalid: 1 });
    expect(await list.import([])).toEqual({ added: 0, invalid: 0 });
  });

  it('reads no further while the store writes, a thousand at a time', async () => {
    const store = new MemorySuppressionStore();
    const puts: number[] = [];
    let given = 0;
    const put = store.put.bind(store);
    store.put = async (entries) => {
      const before = given;
      await new Promise((resolve) => setImmediate(resolve));
      expect(given).toBe(before);
      puts.push(entries.length);
      await put(entries);
    };
    const rows = async function* (): AsyncGenerator<{ address: string }> {
      for (; given < 2_500; given++) yield { address: `p${given}@acme.test` };
    };
    expect(await new SuppressionList(store).import(rows())).toEqual({ added: 2_500, invalid: 0 });
    expect(puts).toEqual([1_000, 1_000, 500]);
  });

  it('closes its source when the store fails, and tells why', async () => {
    const store = new MemorySuppressionStore();
    store.put = () => Promise.reject(new Error('disk full'));
    const source = Readable.from(
      (function* () {
        yield 'address\n';
        for (let n = 0; ; n++) yield `p${n}@acme.test\n`;
      })(),
    );
    await expect(new SuppressionList(store).import(source)).rejects.toThrow('disk full');
    expect(source.destroyed).toBe(true);
  });

  it('throws what its source throws, and keeps what was written before', async () => {
    const { list, entries } = newList();
    const rows = async function* (): AsyncGenerator<{ address: string }> {
      for (let n = 0; n < 1_000; n++) yield { address: `p${n}@acme.test` };
      throw new Error('connection lost');
    };
    await expect(list.import(rows())).rejects.toThrow('connection lost');
    expect(await entries()).toHaveLength(1_000);
  });
});

describe('an import of CSV', () => {
  it('reads our own columns, in any order and case, with a byte order mark, quotes and CRLF', async () => {
    const text = [
      '\ufeffReason,"ADDRESS",expires,Stream,tenant,source,at,note',
      'complained,"Ada ""A"" <ADA@bücher.test>",2999-01-01T00:00:00.000Z,broadcast,t,"a, b",2026-01-02T03:04:05Z,x',
      '',
      ',bob@acme.test,,,,,,"two\r\nlines"',
      '',
    ].join('\r\n');
    for (const size of [1, 7, 4096]) {
      const { counts, entries } = await imported(text, size);
      expect(counts).toEqual({ added: 2, invalid: 0 });
      expect(entries).toEqual(
        [
          {
            address: 'ada@xn--bcher-kva.test',
            reason: 'complained',
            stream: 'broadcast',
            tenant: 't',
            source: 'a, b',
            at: day,
            expires: new Date('2999-01-01T00:00:00.000Z'),
          },
          { address: 'bob@acme.test', reason: 'manual', at: expect.any(Date) },
        ].sort((a, b) => (a.address < b.address ? -1 : 1)),
      );
    }
  });

  it('reads a plain column of addresses, and the semicolons of a spreadsheet', async () => {
    expect((await imported('E-Mail\nada@acme.test\nbob@acme.test')).counts).toEqual({ added: 2, invalid: 0 });
    const { entries } = await imported('address;reason\nada@acme.test;bounced\n');
    expect(entries).toMatchObject([{ address: 'ada@acme.test', reason: 'bounced' }]);
  });

  it('counts bad rows, and takes the good ones around them', async () => {
    const rows = [
      'a1@acme.test',
      'nobody',
      '"a2@acme.test',
      'a3@acme.test,x,y',
      '\ufffd@acme.test',
      'a4@acme.test,bounced',
    ];
    const bad = 'a5@acme.test,bounced,,,,yesterday';
    const { counts, entries } = await imported(`address,reason,stream,tenant,source,at\n${[...rows, bad].join('\n')}`);
    expect(entries.map(({ address }) => address)).toEqual(['a1@acme.test', 'a3@acme.test', 'a4@acme.test']);
    expect(counts).toEqual({ added: 3, invalid: 4 });
  });

  it('lets a quote that is never closed swallow no more than its row', async () => {
    const rows = Array.from({ length: 500 }, (_, n) => `p${n}@acme.test,manual`);
    rows[100] = '"p100@acme.test,manual';
    const { counts } = await imported(`address,reason\n${rows.join('\n')}\n`, 4096);
    expect(counts).toEqual({ added: 499, invalid: 1 });
  });

  it('lets go a line of 200 MB as it comes, and goes on behind it', async () => {
    const { list } = newList();
    const long = Buffer.alloc(MB, 'x');
    const before = heldBytes();
    const chunks = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('address,reason\nada@acme.test,manual\n"');
      for (let n = 0; n < 200; n++) yield long;
      // What nobody uses is freed beside the program, and on a busy machine some time later.
      await until(() => {
        const { heap, outside } = heldBytes();
        return heap + outside - before.heap - before.outside < 50 * MB;
      });
      yield Buffer.from('",manual\nbob@acme.test,manual\n');
    };
    expect(await list.import(Readable.from(chunks()))).toEqual({ added: 2, invalid: 1 });
  });

  it('says what is missing where it finds no addresses', async () => {
    for (const text of ['name,reason\nada,x\n', 'ada@acme.test\nbob@acme.test\n'])
      await expect(imported(text)).rejects.toThrow('entries: as CSV need a first row');
    expect((await imported('\n \n,,\n')).counts).toEqual({ added: 0, invalid: 0 });
  });
});

describe('an import of a provider’s export', () => {
  const shown = (entries: SuppressionEntry[]): object[] =>
    entries.map(({ at, ...entry }) => ({ ...entry, day: at.getUTCDate() }));

  it('reads Amazon SES’s, as JSON and as CSV', async () => {
    const json = {
      SuppressedDestinationSummaries: [
        { EmailAddress: 'Ada@acme.test', Reason: 'BOUNCE', LastUpdateTime: '2026-01-02T03:04:05.678000+00:00' },
        { EmailAddress: 'bob@acme.test', Reason: 'COMPLAINT', LastUpdateTime: 1767323045.678 },
        { EmailAddress: 'nobody', Reason: 'COMPLAINT' },
      ],
    };
    const expected = [
      { address: 'ada@acme.test', reason: 'bounced', source: 'ses', day: 2 },
      { address: 'bob@acme.test', reason: 'complained', source: 'ses', day: 2 },
    ];
    const fromJson = await imported(JSON.stringify(json, null, 2));
    expect(fromJson.counts).toEqual({ added: 2, invalid: 1 });
    expect(shown(fromJson.entries)).toEqual(expected);
    const csv =
      'EmailAddress,Reason,LastUpdateTime\nada@acme.test,BOUNCE,2026-01-02T03:04:05Z\nbob@acme.test,COMPLAINT,2026-01-02T03:04:05Z\n';
    expect(shown((await imported(csv)).entries)).toEqual(expected);
  });

  it('reads Postmark’s: what recipients did by hand was to unsubscribe', async () => {
    const rows = [
      ['ada@acme.test', 'HardBounce', 'Recipient'],
      ['bob@acme.test', 'SpamComplaint', 'Recipient'],
      ['cy@acme.test', 'ManualSuppression', 'Recipient'],
      ['dan@acme.test', 'ManualSuppression', 'Customer'],
    ] as const;
    const expected = ['bounced', 'complained', 'unsubscribed', 'manual'].map((reason, n) => ({
      address: rows[n]![0],
      reason,
      source: 'postmark',
      day: 2,
    }));
    const csv = rows.map((row) => `${row.join(',')},2026-01-02T03:04:05-00:00`);
    expect(
      shown((await imported(['EmailAddress,SuppressionReason,Origin,CreatedAt', ...csv].join('\r\n'))).entries),
    ).toEqual(expected);
    const Suppressions = rows.map(([EmailAddress, SuppressionReason, Origin]) => ({
      EmailAddress,
      SuppressionReason,
      Origin,
      CreatedAt: '2026-01-02T03:04:05-00:00',
    }));
    expect(shown((await imported(JSON.stringify({ Suppressions }))).entries)).toEqual(expected);
  });

  it('reads Mailgun’s three lists, told apart by their columns', async () => {
    const time = '"Fri, 02 Jan 2026 03:04:05 UTC"';
    const texts = [
      `address,code,error,created_at\nada@acme.test,550,"5.1.1, ""no such user"";\nreally",${time}\n`,
      `address,created_at\nada@acme.test,${time}\n`,
      `address,tags,created_at\nada@acme.test,*,${time}\n`,
    ];
    const reasons: unknown[] = [];
    for (const text of texts) {
      const { entries } = await imported(text);
      expect(shown(entries)).toMatchObject([{ address: 'ada@acme.test', source: 'mailgun', day: 2 }]);
      reasons.push(entries[0]!.reason);
    }
    expect(reasons).toEqual(['bounced', 'complained', 'unsubscribed']);
    const items = [{ address: 'ada@acme.test', tags: ['*'], created_at: 'Fri, 02 Jan 2026 03:04:05 UTC' }];
    expect((await imported(JSON.stringify({ items }))).entries).toMatchObject([{ reason: 'unsubscribed', at: day }]);
  });

  it('says what is wrong with JSON that holds no list', async () => {
    await expect(imported('{"a": 1}')).rejects.toThrow('entries: as JSON are an array, or an object with');
    await expect(imported('{"a": ')).rejects.toThrow('entries: begin as JSON does, and are none');
    expect((await imported('[1, {}, {"address": "ada@acme.test"}]')).counts).toEqual({ added: 1, invalid: 2 });
  });
});
