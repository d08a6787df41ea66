import { afterAll, describe, expect, it } from 'vitest';
import { CachedDnsResolver } from '../../lib/dns/cached-dns-resolver.js';
import { evaluateSpf } from '../../lib/sender-domain/spf/evaluate-spf.js';
import { startDnsServer, type ZoneEntry } from '../support/dns-server.js';
import { mailauth } from './mailauth.js';

const CLIENT = '203.0.113.7';
const CLIENT_6 = '2001:db8::7';

const many = (count: number, name: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => name(index));

/** What everything may lead to. */
const SURROUNDINGS: Record<string, ZoneEntry> = {
  'let.test': { TXT: `v=spf1 ip4:${CLIENT} ip6:${CLIENT_6} -all` },
  'refuse.test': { TXT: 'v=spf1 -all' },
  'soft.test': { TXT: 'v=spf1 ~all' },
  'broken.test': { TXT: 'v=spf1 ip4:300.1.1.1 -all' },
  'two.test': { TXT: ['v=spf1 -all', 'v=spf1 +all'] },
  'bare.test': { A: '192.0.2.1' },
  'down.test': 'SERVFAIL',
  'host.test': { A: CLIENT, AAAA: CLIENT_6 },
  'near.test': { A: '203.0.113.200', AAAA: '2001:db8::ffff' },
  'mail.test': { MX: ['10 bare.test', '20 host.test'] },
  'crowd.test': { MX: many(11, (index) => `10 mx${index}.crowd.test`) },
  'hoop.test': { TXT: 'v=spf1 include:hoop.test -all' },
  'ping.test': { TXT: 'v=spf1 include:pong.test -all' },
  'pong.test': { TXT: 'v=spf1 redirect=ping.test' },
  '7.113.0.203.in-addr.arpa': { PTR: ['liar.test', 'client.acme.test'] },
  'client.acme.test': { A: CLIENT },
  'liar.test': { A: '192.0.2.99' },
  'ada.users.test': { A: '127.0.0.2' },
  '7.113.0.203.in-addr.list.test': { A: '127.0.0.2' },
  'test.acme._spf.test': { A: '127.0.0.2' },
  ...Object.fromEntries(many(12, (index) => `n${index}.test`).map((name) => [name, { TXT: 'v=spf1 -all' }])),
  ...Object.fromEntries(many(12, (index) => `mx${index}.crowd.test`).map((name) => [name, { A: '192.0.2.5' }])),
};

/** By RFC 7208; the record is acme.test's, the sender ada@acme.test. */
type Case = [record: string | string[] | undefined, result: string, ip?: string];

const RECORDS: readonly Case[] = [
  [undefined, 'none'],
  ['v=spf10 +all', 'none'],
  ['v=spf1', 'neutral'],
  ['v=spf1 -all', 'fail'],
  ['V=SPF1 ~ALL', 'softfail'],
  ['v=spf1 ?all', 'neutral'],
  ['v=spf1 +all', 'pass'],
  ['v=spf1  ip4:203.0.113.7  -all', 'pass'],
  [['v=spf1 -all', 'v=spf1 +all'], 'permerror'],
  [['text of another kind', 'v=spf1 +all'], 'pass'],
  // ip4, ip6
  ['v=spf1 ip4:203.0.113.0/24 -all', 'pass'],
  ['v=spf1 ip4:203.0.113.8/31 -all', 'fail'],
  ['v=spf1 -ip4:203.0.113.7 +all', 'fail'],
  ['v=spf1 ip4:0.0.0.0/0 -all', 'pass'],
  ['v=spf1 ip6:2001:db8::/32 -all', 'pass', CLIENT_6],
  ['v=spf1 ip6:2001:db8:1::/48 -all', 'fail', CLIENT_6],
  ['v=spf1 ip4:203.0.113.0/24 -all', 'pass', '::ffff:203.0.113.7'],
  ['v=spf1 ip4:300.1.1.1 -all', 'permerror'],
  ['v=spf1 ip4:203.0.113.0/33 -all', 'permerror'],
  ['v=spf1 ip4:203.0.113.0/024 -all', 'permerror'],
  ['v=spf1 ip4: -all', 'permerror'],
  // all is the last that is looked at, and what is behind it must be well-formed
  ['v=spf1 -all include:let.test', 'fail'],
  ['v=spf1 -all ip4:300.1.1.1', 'permerror'],
  ['v=spf1 -all:acme.test', 'permerror'],
  ['v=spf1 nonsense -all', 'permerror'],
  ['v=spf1 inlcude:let.test -all', 'permerror'],
  // include
  ['v=spf1 include:let.test -all', 'pass'],
  ['v=spf1 ?include:let.test -all', 'neutral'],
  ['v=spf1 include:refuse.test ~all', 'softfail'],
  ['v=spf1 include:soft.test -all', 'fail'],
  ['v=spf1 include:bare.test -all', 'permerror'],
  ['v=spf1 include:gone.test -all', 'permerror'],
  ['v=spf1 include:broken.test -all', 'permerror'],
  ['v=spf1 include:two.test -all', 'permerror'],
  ['v=spf1 include:down.test -all', 'temperror'],
  ['v=spf1 include -all', 'permerror'],
  ['v=spf1 include:hoop.test -all', 'permerror'],
  ['v=spf1 include:ping.test -all', 'permerror'],
  // redirect
  ['v=spf1 redirect=let.test', 'pass'],
  ['v=spf1 redirect=refuse.test', 'fail'],
  ['v=spf1 redirect=bare.test', 'permerror'],
  ['v=spf1 redirect=let.test -all', 'fail'],
  ['v=spf1 redirect=let.test redirect=let.test', 'permerror'],
  ['v=spf1 unknown=thing -all', 'fail'],
  // a
  ['v=spf1 a:host.test -all', 'pass'],
  ['v=spf1 a:host.test -all', 'pass', CLIENT_6],
  ['v=spf1 a:near.test -all', 'fail'],
  ['v=spf1 a:near.test/24 -all', 'pass'],
  ['v=spf1 a:near.test/24//64 -all', 'pass', CLIENT_6],
  ['v=spf1 a:near.test//128 -all', 'fail', CLIENT_6],
  ['v=spf1 a -all', 'fail'],
  ['v=spf1 a/33 -all', 'permerror'],
  ['v=spf1 a: -all', 'permerror'],
  ['v=spf1 a:down.test -all', 'temperror'],
  // mx
  ['v=spf1 mx:mail.test -all', 'pass'],
  ['v=spf1 mx:mail.test -all', 'pass', CLIENT_6],
  ['v=spf1 mx -all', 'fail'],
  ['v=spf1 mx:crowd.test -all', 'permerror'],
  // ptr
  ['v=spf1 ptr -all', 'pass'],
  ['v=spf1 ptr:acme.test -all', 'pass'],
  ['v=spf1 ptr:liar.test -all', 'fail'],
  ['v=spf1 ptr:other.test -all', 'fail'],
  // exists and macros
  ['v=spf1 exists:%{l}.users.test -all', 'pass'],
  ['v=spf1 exists:%{l}.nobody.test -all', 'fail'],
  ['v=spf1 exists:%{ir}.%{v}.list.test -all', 'pass'],
  ['v=spf1 exists:%{dr}._spf.test -all', 'pass'],
  ['v=spf1 exists:%{d1r}._spf.test -all', 'fail'],
  ['v=spf1 a:%{h} -all', 'pass'],
  ['v=spf1 include:%{o2}x.test -all', 'permerror'],
  ['v=spf1 exists:%{x}.test -all', 'permerror'],
  ['v=spf1 exists:%(d).test -all', 'permerror'],
  // limits
  [`v=spf1 ${many(10, (index) => `include:n${index}.test`).join(' ')} -all`, 'fail'],
  [`v=spf1 ${many(11, (index) => `include:n${index}.test`).join(' ')} -all`, 'permerror'],
  ['v=spf1 a:v1.test a:v2.test -all', 'fail'],
  ['v=spf1 a:v1.test a:v2.test a:v3.test -all', 'permerror'],
  ['v=spf1 exists:v1.test exists:v2.test exists:v3.test -all', 'permerror'],
];

const server = await startDnsServer();
afterAll(() => server.close());

function publish(record: string | string[] | undefined): void {
  server.zone = {
    ...SURROUNDINGS,
    'acme.test': { A: '192.0.2.1', MX: '10 bare.test', ...(record !== undefined && { TXT: record }) },
  };
}

/** Where the other one does not do as the RFC says: each with its reason. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'v=spf1 -all ip4:300.1.1.1':
    'stops at what matches, without looking at the rest (section 4.6 wants all of it well-formed)',
  'v=spf1 include:down.test -all': 'takes a DNS failure beneath an include for no match (section 5.2 wants temperror)',
};

describe('SPF', () => {
  it.each<Case>(RECORDS)('%s is %s', async (record, result, ip = CLIENT) => {
    publish(record);
    const query = { ip, domain: 'acme.test', sender: 'ada@acme.test', helo: 'host.test' };
    const outcome = await evaluateSpf(query, new CachedDnsResolver({ servers: [server.address], tries: 1 }));
    expect(outcome.result, outcome.problem).toBe(result);
  });

  it.each<Case>(RECORDS.filter(([record]) => !OTHERWISE[String(record)]))(
    '%s is %s to another implementation, too',
    async (record, result, ip = CLIENT) => {
      publish(record);
      expect(await mailauth(server.address).spf({ ip, sender: 'ada@acme.test', helo: 'host.test' })).toBe(result);
    },
  );
});
