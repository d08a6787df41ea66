import { expect, it } from 'vitest';
import type { DnsAnswer, DnsResolver } from '../../lib/dns/dns-resolver.interface.js';
import { BoundedResolver } from '../../lib/sender-domain/bounded-resolver.js';

/** A DNS that has the same records for every name. */
function endless(records: readonly string[]): { resolver: DnsResolver; asked: string[] } {
  const asked: string[] = [];
  const answer = async (name: string): Promise<DnsAnswer<never>> => {
    asked.push(name);
    return { records: records as never[], exists: true, authentic: false, name };
  };
  return { resolver: { mx: answer, a: answer, aaaa: answer, txt: answer, tlsa: answer, ptr: answer }, asked };
}

async function bounded(records: readonly string[], look: (dns: BoundedResolver, asked: string[]) => Promise<void>) {
  const { resolver, asked } = endless(records);
  const dns = new BoundedResolver(resolver, 60_000);
  try {
    await look(dns, asked);
  } finally {
    dns.close();
  }
}

it('asks each question once, and 500 at most', () =>
  bounded(['192.0.2.1'], async (dns, asked) => {
    await Promise.all([dns.a('acme.test'), dns.a('ACME.test')]);
    expect(asked).toEqual(['acme.test']);
    for (let index = 1; index < 500; index++) await dns.a(`host${index}.acme.test`);
    await expect(dns.a('one-more.acme.test')).rejects.toMatchObject({ code: 'ELIMIT' });
    expect((await dns.a('acme.test')).records).toEqual(['192.0.2.1']);
    expect(asked).toHaveLength(500);
  }));

it('reads 100 records of an answer, and 8 KB of a text', () =>
  bounded(Array<string>(300).fill('x'.repeat(60_000)), async (dns) => {
    const { records } = await dns.txt('acme.test');
    expect(records.map(({ length }) => length)).toEqual(Array(100).fill(8_192));
  }));

it('asks for nothing that is no name', () =>
  bounded([], async (dns, asked) => {
    for (const name of ['', 'a..test', `${'a'.repeat(64)}.test`, 'a.'.repeat(130)])
      await expect(dns.txt(name)).rejects.toMatchObject({ code: 'EBADNAME' });
    expect(asked).toEqual([]);
  }));
