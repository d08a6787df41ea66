import { afterAll, describe, expect, it } from 'vitest';
import { CachedDnsResolver } from '../../lib/dns/cached-dns-resolver.js';
import { discoverDmarc, isAligned } from '../../lib/sender-domain/dmarc/discover-dmarc.js';
import { startDnsServer, type ZoneEntry } from '../support/dns-server.js';
import { mailauth } from './mailauth.js';

const server = await startDnsServer();
afterAll(() => server.close());

const resolver = () => new CachedDnsResolver({ servers: [server.address], tries: 1 });
const zone = (records: Record<string, string>): Record<string, ZoneEntry> =>
  Object.fromEntries(Object.entries(records).map(([name, TXT]) => [`_dmarc.${name}`, { TXT }]));

/** The domain of the From header, and what SPF and DKIM have authenticated. */
type Case = [
  from: string,
  records: Record<string, string>,
  spf: string | undefined,
  dkim: string | undefined,
  result: 'pass' | 'fail' | 'none',
  policy?: string,
];

const CASES: readonly Case[] = [
  ['acme.com', {}, 'acme.com', 'acme.com', 'none'],
  ['acme.com', { 'acme.com': 'v=DMARC1; p=reject' }, 'acme.com', undefined, 'pass', 'reject'],
  ['acme.com', { 'acme.com': 'v=DMARC1; p=reject' }, 'bounces.acme.com', undefined, 'pass', 'reject'],
  ['acme.com', { 'acme.com': 'v=DMARC1; p=reject; aspf=s' }, 'bounces.acme.com', undefined, 'fail', 'reject'],
  ['acme.com', { 'acme.com': 'v=DMARC1; p=reject; aspf=s' }, 'bounces.acme.com', 'mail.acme.com', 'pass', 'reject'],
  ['acme.com', { 'acme.com': 'v=DMARC1; p=reject; adkim=s' }, undefined, 'mail.acme.com', 'fail', 'reject'],
  ['acme.com', { 'acme.com': 'v=DMARC1; p=reject; adkim=s' }, undefined, 'acme.com', 'pass', 'reject'],
  ['acme.com', { 'acme.com': 'v=DMARC1; p=quarantine' }, 'acme.net', 'other.com', 'fail', 'quarantine'],
  ['acme.com', { 'acme.com': 'v=DMARC1; p=reject' }, 'notacme.com', undefined, 'fail', 'reject'],
  ['news.acme.com', { 'acme.com': 'v=DMARC1; p=reject; sp=none' }, 'acme.com', undefined, 'pass', 'none'],
  ['news.acme.com', { 'acme.com': 'v=DMARC1; p=reject' }, undefined, 'shop.acme.com', 'pass', 'reject'],
  ['a.b.acme.com', { 'acme.com': 'v=DMARC1; p=reject' }, 'c.acme.com', undefined, 'pass', 'reject'],
  [
    'news.acme.com',
    { 'acme.com': 'v=DMARC1; p=reject', 'news.acme.com': 'v=DMARC1; p=none' },
    'acme.com',
    undefined,
    'pass',
    'none',
  ],
];

/** The other one does not heed `aspf=s` and `adkim=s` (RFC 9989 section 4.4), so that it says nothing of what they make fail. */
const isHeeded = ([, records, , , result]: Case) => result !== 'fail' || !/=s/.test(JSON.stringify(records));

describe('DMARC', () => {
  it.each<Case>(CASES)('of %s with %j: SPF %s, DKIM %s is %s', async (from, records, spf, dkim, result, policy) => {
    server.zone = zone(records);
    const { found } = await discoverDmarc(from, resolver());
    const isPassed = async () => {
      const bySpf = spf !== undefined && (await isAligned(spf, from, found!.record.aspf, resolver()));
      return bySpf || (dkim !== undefined && (await isAligned(dkim, from, found!.record.adkim, resolver())));
    };
    expect(found ? ((await isPassed()) ? 'pass' : 'fail') : 'none').toBe(result);
    expect(found && (found.at === from ? found.record.p : found.record.sp)).toBe(policy);
  });

  it.each<Case>(CASES.filter(isHeeded))(
    'of %s with %j: SPF %s, DKIM %s is %s to another implementation, too',
    async (from, records, spf, dkim, result, policy) => {
      server.zone = zone(records);
      const theirs = await mailauth(server.address).dmarc({
        headerFrom: from,
        spfDomains: spf === undefined ? [] : [{ domain: spf }],
        dkimDomains: dkim === undefined ? [] : [{ domain: dkim }],
      });
      expect(theirs.status.result).toBe(result);
      expect(theirs.policy).toBe(policy);
    },
  );

  it('finds the top of an organisation by records alone, and asks no more than eight times', async () => {
    server.zone = zone({ 'acme.test': 'v=DMARC1; p=none' });
    const asked = resolver();
    const before = server.questions.length;
    expect((await discoverDmarc('a.b.c.d.e.f.g.h.i.j.acme.test', asked)).organization).toBe('acme.test');
    const names = server.questions.slice(before).map(({ name }) => name);
    expect(names).toEqual([
      '_dmarc.a.b.c.d.e.f.g.h.i.j.acme.test',
      ...[
        'f.g.h.i.j.acme.test',
        'g.h.i.j.acme.test',
        'h.i.j.acme.test',
        'i.j.acme.test',
        'j.acme.test',
        'acme.test',
        'test',
      ].map((name) => `_dmarc.${name}`),
    ]);
  });

  it.each(['y', 'n'])('asks no further above psd=%s', async (psd) => {
    server.zone = zone({ 'acme.test': `v=DMARC1; p=reject; psd=${psd}`, test: 'v=DMARC1; p=none' });
    const before = server.questions.length;
    expect((await discoverDmarc('a.acme.test', resolver())).found?.at).toBe('acme.test');
    expect(server.questions.slice(before).map(({ name }) => name)).toEqual(['_dmarc.a.acme.test', '_dmarc.acme.test']);
  });

  it.each<[string, Record<string, string>, string]>([
    ['a domain without any record stands alone', {}, 'a.b.acme.test'],
    [
      'psd=n ends the walk',
      { 'acme.test': 'v=DMARC1; p=none', 'b.acme.test': 'v=DMARC1; p=none; psd=n' },
      'b.acme.test',
    ],
    ['psd=y is above an organisation', { 'acme.test': 'v=DMARC1; p=none; psd=y' }, 'b.acme.test'],
    ['the highest record counts', { 'acme.test': 'v=DMARC1; p=none', 'b.acme.test': 'v=DMARC1; p=none' }, 'acme.test'],
  ])('%s', async (_, records, organization) => {
    server.zone = zone(records);
    expect((await discoverDmarc('a.b.acme.test', resolver())).organization).toBe(organization);
  });
});
