import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type DomainCheck,
  generateDkimKey,
  RelayConfigurationError,
  SenderDomains,
  type SenderDomainsOptions,
} from '../../lib/index.js';
import { startDnsServer, type ZoneEntry } from '../support/dns-server.js';
import { ADDRESS, ed25519, POLICY, rsa, wellKept } from './well-kept-domain.js';

const server = await startDnsServer();
afterAll(() => server.close());
beforeEach(() => {
  server.zone = wellKept();
  server.options = {};
});

const OWN: SenderDomainsOptions = { dkim: [rsa, ed25519], addresses: [ADDRESS], helo: 'mx.acme.test' };

async function report(options: SenderDomainsOptions = OWN, domain = 'acme.test') {
  const dns = { servers: [server.address], timeout: '500ms', tries: 1 } as const;
  return new SenderDomains({ dns, fetchPolicy: async () => POLICY, ...options }).check(domain);
}

/** One check of the domain, when the zone is changed. */
async function found(
  name: DomainCheck['name'],
  changes: Record<string, ZoneEntry>,
  options?: SenderDomainsOptions,
  subject?: string,
): Promise<DomainCheck> {
  server.zone = wellKept(changes);
  const { checks } = await report(options);
  const check = checks.find((one) => one.name === name && (subject === undefined || one.subject === subject));
  if (!check) throw new Error(`there is no check ${name} ${subject}: ${checks.map((one) => one.subject).join(', ')}`);
  return check;
}

const another = await generateDkimKey({ domain: 'acme.test', selector: 'x' });
const txt = (name: string, value: string) => ({ name, type: 'TXT', value });

describe('a domain in whose DNS all is as it should be', () => {
  it('passes every check, and has nothing to publish', async () => {
    const { status, checks, domain, checkedAt } = await report();
    expect(checks.filter((check) => check.status !== 'pass')).toEqual([]);
    expect({ status, domain }).toEqual({ status: 'pass', domain: 'acme.test' });
    expect(checkedAt).toBeInstanceOf(Date);
    expect(checks.some(({ record }) => record)).toBe(false);
    expect([...new Set(checks.map(({ name }) => name))]).toEqual([
      'spf',
      'dkim',
      'dmarc',
      'alignment',
      'mx',
      'mta-sts',
      'tls-rpt',
      'ptr',
    ]);
  });

  it('is known by its name in any form', async () => {
    expect((await report(OWN, 'ACME.test.')).status).toBe('pass');
  });
});

describe('a domain that is not there', () => {
  it('fails by that alone, where nothing above it is there either', async () => {
    server.zone = {};
    const { status, checks, answered } = await report();
    expect({ status, answered }).toEqual({ status: 'fail', answered: true });
    expect(checks).toMatchObject([{ name: 'domain', subject: 'acme.test', status: 'fail' }]);
  });

  it('may be about to be set up, beneath one that is', async () => {
    const { checks } = await report(OWN, 'news.acme.test');
    expect(checks[0]).toMatchObject({ name: 'domain', status: 'warn' });
    expect(checks[0]!.summary).toContain('though acme.test is there');
    expect(checks.flatMap(({ record }) => record ?? [])).toContainEqual(
      txt('news.acme.test', `v=spf1 ip4:${ADDRESS} ~all`),
    );
  });
});

describe('a domain of which nobody knows who sends for it', () => {
  it.each([[[]], [['v=spf1 +all']], [['something else']]])('with %j gets no SPF record', async (TXT) => {
    const check = await found('spf', { 'acme.test': { TXT, A: ADDRESS } }, {});
    expect(check.status).toBe('fail');
    expect(check.record).toBeUndefined();
    expect([check.summary, ...check.details].join('\n')).toContain('who sends for acme.test is not known');
  });
});

describe('a domain that nobody has set up', () => {
  it('fails, and says each record to publish', async () => {
    server.zone = { 'acme.test': { A: ADDRESS } };
    const { status, checks } = await report({ providers: ['google-workspace'], dkim: rsa });
    expect(status).toBe('fail');
    const records = checks.flatMap(({ record }) => record ?? []);
    expect(records).toEqual(
      expect.arrayContaining([
        txt('acme.test', 'v=spf1 include:_spf.google.com ~all'),
        txt('_dmarc.acme.test', 'v=DMARC1; p=none; rua=mailto:dmarc@acme.test'),
        rsa.record,
      ]),
    );
  });
});

describe('SPF', () => {
  const spf = (record: string | string[], options?: SenderDomainsOptions, more: Record<string, ZoneEntry> = {}) =>
    found('spf', { 'acme.test': { TXT: record, MX: '10 mx.acme.test', A: ADDRESS }, ...more }, options);

  it('is merged with what a provider needs, and keeps what is there', async () => {
    const check = await spf('v=spf1 ip4:192.0.2.0/24 a:mx.acme.test exp=why.acme.test -all', {
      providers: ['mailgun', 'resend'],
    });
    expect(check).toMatchObject({
      status: 'fail',
      summary: 'Mailgun is not let through: include:mailgun.org is missing',
      record: txt('acme.test', 'v=spf1 ip4:192.0.2.0/24 a:mx.acme.test include:mailgun.org -all exp=why.acme.test'),
    });
  });

  it('with what a provider needs would ask too much of the DNS: it says so, and gives no such record', async () => {
    const names = Array.from({ length: 9 }, (_, index) => `a:h${index}.acme.test`);
    const zone = Object.fromEntries(names.map((name) => [name.slice(2), { A: ADDRESS }]));
    const check = await spf(`v=spf1 ${names.join(' ')} -all`, { providers: ['mailgun'] }, zone);
    expect(check.status).toBe('fail');
    expect(check.record).toBeUndefined();
    expect(check.details).toContainEqual(
      expect.stringMatching(/would ask the DNS 11 times.* include:mailgun\.org -all$/),
    );
  });

  it('names an IPv4 address as one, also where it is written as IPv6', async () => {
    const check = await spf('v=spf1 -all', { addresses: ['::ffff:198.41.0.4'] });
    expect(check.record).toEqual(txt('acme.test', 'v=spf1 ip4:198.41.0.4 -all'));
  });

  it('of Mailgun is about its sending domain, and so are its MX', async () => {
    const options: SenderDomainsOptions = {
      providers: [{ provider: 'mailgun', domain: 'mg.acme.test', region: 'eu' }],
    };
    expect(await found('spf', {}, options, 'mg.acme.test')).toMatchObject({
      record: txt('mg.acme.test', 'v=spf1 include:mailgun.org ~all'),
    });
    expect(await found('mx', {}, options, 'mg.acme.test')).toMatchObject({
      record: { name: 'mg.acme.test', type: 'MX', value: '10 mxa.eu.mailgun.org.' },
    });
  });

  it('knows a provider by its networks where it is not included by name', async () => {
    expect(await spf('v=spf1 ip4:209.61.0.0/16 -all', { providers: ['mailgun'] })).toMatchObject({ status: 'pass' });
    expect(await spf('v=spf1 ip4:209.61.151.0/25 -all', { providers: ['mailgun'] })).toMatchObject({ status: 'fail' });
  });

  it('knows an include beneath an include', async () => {
    const more = { 'all.acme.test': { TXT: 'v=spf1 include:mailgun.org -all' } };
    expect(await spf('v=spf1 include:all.acme.test -all', { providers: ['mailgun'] }, more)).toMatchObject({
      status: 'pass',
    });
    expect(await spf('v=spf1 ?include:all.acme.test -all', { providers: ['mailgun'] }, more)).toMatchObject({
      status: 'fail',
    });
  });

  it('merges several records into one', async () => {
    expect(await spf(['v=spf1 ip4:192.0.2.1 -all', 'v=spf1 include:mailgun.org ip4:192.0.2.1 ~all'])).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('2 SPF records'),
      record: txt('acme.test', `v=spf1 ip4:192.0.2.1 include:mailgun.org ip4:${ADDRESS} ~all`),
    });
  });

  it('says which term is wrong, and publishes the record without it', async () => {
    const check = await spf(`v=spf1 ip4:${ADDRESS} inlcude:x.test ~all`);
    expect(check).toMatchObject({ status: 'fail', record: txt('acme.test', `v=spf1 ip4:${ADDRESS} ~all`) });
    expect(check.summary).toBe('the record is wrong: "inlcude:x.test": there is no such mechanism');
  });

  it('counts lookups in all includes', async () => {
    const more = Object.fromEntries(
      Array.from({ length: 6 }, (_, index) => [`n${index}.test`, { TXT: `v=spf1 include:m${index}.test -all` }]),
    );
    const leaves = Object.fromEntries(
      Array.from({ length: 6 }, (_, index) => [`m${index}.test`, { TXT: 'v=spf1 -all' }]),
    );
    const record = `v=spf1 ip4:${ADDRESS} ${Object.keys(more)
      .map((name) => `include:${name}`)
      .join(' ')} -all`;
    const check = await spf(record, OWN, { ...more, ...leaves });
    expect(check).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('12 terms ask the DNS, and 10 are allowed'),
    });
  });

  it.each([
    ['+all', 'fail', '~all'],
    ['all', 'fail', '~all'],
    ['?all', 'warn', '~all'],
    ['', 'warn', '~all'],
  ])('that ends with %j is %s', async (end, status, better) => {
    const check = await spf(`v=spf1 ip4:${ADDRESS} ${end}`.trim());
    expect(check).toMatchObject({ status, record: txt('acme.test', `v=spf1 ip4:${ADDRESS} ${better}`) });
  });

  it('ends as the record says that it leads to', async () => {
    const more = { 'other.test': { TXT: `v=spf1 ip4:${ADDRESS} -all` } };
    expect(await spf('v=spf1 redirect=other.test', OWN, more)).toMatchObject({ status: 'pass' });
  });

  it('warns of ptr, and of what is not there, which is left out', async () => {
    const check = await spf(`v=spf1 ptr a:gone.test ip4:${ADDRESS} -all`);
    expect(check).toMatchObject({ status: 'warn', record: txt('acme.test', `v=spf1 ptr ip4:${ADDRESS} -all`) });
    expect([check.summary, ...check.details].join('\n')).toMatch(
      /asks for what is not there.*a:gone\.test[^]*uses ptr/,
    );
  });

  it('leaves alone what another record has for nothing', async () => {
    const more = { 'x.test': { TXT: 'v=spf1 a -all' } };
    const check = await spf(`v=spf1 a include:x.test -all`, OWN, more);
    expect(check).toMatchObject({ status: 'warn', summary: 'asks for what is not there, to no use: a' });
    expect(check.record).toBeUndefined();
  });

  it('tells circles', async () => {
    const more = { 'b.test': { TXT: 'v=spf1 include:acme.test -all' } };
    const check = await spf(`v=spf1 ip4:${ADDRESS} include:b.test -all`, OWN, more);
    expect(check).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('leads in a circle (acme.test > b.test)'),
    });
  });

  it('lets an own server through, or says the term for it', async () => {
    expect(await spf('v=spf1 ip4:192.0.2.1 -all')).toMatchObject({
      status: 'fail',
      summary: `${ADDRESS}, from which your own server sends, is not let through: fail by acme.test: -all`,
      record: txt('acme.test', `v=spf1 ip4:192.0.2.1 ip4:${ADDRESS} -all`),
    });
  });

  it('is looked at where the return path is, with what the provider wants there', async () => {
    const options: SenderDomainsOptions = {
      providers: [{ provider: 'postmark', returnPath: 'pm-bounces.acme.test', selectors: ['relay202611a'] }],
    };
    expect(await found('spf', {}, options, 'pm-bounces.acme.test')).toMatchObject({
      status: 'fail',
      record: { name: 'pm-bounces.acme.test', type: 'CNAME', value: 'pm.mtasv.net.' },
    });
    const set = {
      'pm-bounces.acme.test': { CNAME: 'pm.mtasv.net' },
      'pm.mtasv.net': { TXT: 'v=spf1 ip4:50.31.156.96/27 ip4:104.245.209.192/26 ~all', MX: '10 mx.acme.test' },
    };
    expect(await found('spf', set, options, 'pm-bounces.acme.test')).toMatchObject({ status: 'pass' });
    expect(await found('mx', set, options, 'pm-bounces.acme.test')).toMatchObject({ status: 'pass' });
    const ses: SenderDomainsOptions = {
      providers: [{ provider: 'ses', returnPath: 'bounces.acme.test', region: 'eu-west-1' }],
    };
    expect(await found('spf', {}, ses, 'bounces.acme.test')).toMatchObject({
      record: txt('bounces.acme.test', 'v=spf1 include:amazonses.com ~all'),
    });
    expect(await found('mx', {}, ses, 'bounces.acme.test')).toMatchObject({
      status: 'fail',
      record: { name: 'bounces.acme.test', type: 'MX', value: '10 feedback-smtp.eu-west-1.amazonses.com.' },
    });
  });
});

describe('DKIM', () => {
  const dkim = (record: string | string[], options: SenderDomainsOptions = { dkim: rsa }) =>
    found(
      'dkim',
      { 'relay202611a._domainkey.acme.test': { TXT: [record].flat().map((one) => one.match(/.{1,255}/g)!) } },
      options,
    );
  const published = rsa.record.value;

  it.each([
    [
      'is missing',
      { 'relay202611a._domainkey.acme.test': 'NXDOMAIN' as const },
      'fail',
      'there is no key at relay202611a._domainkey.acme.test, with which the relay signs',
    ],
  ])('whose key %s', async (_, changes, status, summary) => {
    expect(await found('dkim', changes, { dkim: rsa })).toMatchObject({ status, summary, record: rsa.record });
  });

  it.each([
    ['is another', another.record.value, 'fail', /not that of the private key/],
    ['is revoked', 'v=DKIM1; p=', 'fail', /revoked/],
    ['is only tested', `${published}; t=y`, 'warn', /t=y/],
    ['is cut off', published.slice(0, 200), 'fail', /no public key of type rsa/],
    ['is of an unknown kind', published.replace('k=rsa', 'k=dsa'), 'fail', /k=dsa/],
    ['is for SHA-1 only', published.replace('k=rsa', 'k=rsa; h=sha1'), 'fail', /leaves out sha256/],
    ['is not for mail', published.replace('k=rsa', 'k=rsa; s=other'), 'fail', /leaves out email/],
    ['has another version', published.replace('DKIM1', 'DKIM2'), 'fail', /v=DKIM2/],
    ['is no key', 'hello', 'fail', /no tag=value/],
  ])('whose key %s', async (_, value, status, summary) => {
    expect(await dkim(value)).toMatchObject({ status, summary: expect.stringMatching(summary), record: rsa.record });
  });

  it('has one record', async () => {
    expect(await dkim([published, published])).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('there are 2 records'),
    });
  });

  it('takes a key without its version, with space in it, as PKCS#1', async () => {
    expect(await dkim(published.replace('v=DKIM1; ', '').replace('p=', 'p= '))).toMatchObject({ status: 'pass' });
  });

  it.each([
    [512, 'fail'],
    [1024, 'warn'],
    [2048, 'pass'],
    [8192, 'warn'],
  ])(
    'with %d bits is %s',
    async (bits, status) => {
      const { generateKeyPairSync } = await import('node:crypto');
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
      const value = `v=DKIM1; p=${publicKey.export({ type: 'pkcs1', format: 'der' }).toString('base64')}`;
      expect(await dkim(value, { selectors: ['relay202611a'] })).toMatchObject({ status });
    },
    60_000,
  );

  it('of a provider is looked for under the selectors it has for all, or asks for them', async () => {
    const google: SenderDomainsOptions = { providers: ['google-workspace'] };
    expect(await found('dkim', {}, google, 'google._domainkey.acme.test')).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('Admin console'),
    });
    expect(await found('dkim', {}, { providers: ['ses'] }, 'Amazon SES')).toMatchObject({
      status: 'warn',
      summary: expect.stringContaining('name them'),
    });
    const named: SenderDomainsOptions = {
      providers: [{ provider: 'mailgun', domain: 'mg.acme.test', selectors: ['k1'] }],
    };
    const changes = {
      'k1._domainkey.mg.acme.test': { CNAME: 'k1.mailgun.test' },
      'k1.mailgun.test': { TXT: [published.match(/.{1,255}/g)!] },
    };
    const check = await found('dkim', changes, named, 'k1._domainkey.mg.acme.test');
    expect(check).toMatchObject({ status: 'pass', details: expect.arrayContaining(['leads to k1.mailgun.test']) });
  });
});

describe('DMARC', () => {
  const dmarc = (record: string | string[], changes: Record<string, ZoneEntry> = {}, options = OWN) =>
    found('dmarc', { '_dmarc.acme.test': { TXT: record }, ...changes }, options, options.from ?? 'acme.test');

  it.each([
    [
      'v=DMARC1; p=none; rua=mailto:d@acme.test',
      'warn',
      /policy is none/,
      'v=DMARC1; p=quarantine; rua=mailto:d@acme.test',
    ],
    ['v=DMARC1; p=reject', 'warn', /nobody gets the reports/, 'v=DMARC1; p=reject; rua=mailto:dmarc@acme.test'],
    [
      'v=DMARC1; p=reject; sp=none; rua=mailto:d@acme.test',
      'warn',
      /sp=none is weaker/,
      'v=DMARC1; p=reject; rua=mailto:d@acme.test',
    ],
    [
      'v=DMARC1; p=reject; pct=20; adkim=s; rua=mailto:d@acme.test',
      'warn',
      /pct=20/,
      'v=DMARC1; p=reject; adkim=s; rua=mailto:d@acme.test',
    ],
    ['v=DMARC1; p=reject; t=y; rua=mailto:d@acme.test', 'warn', /t=y/, 'v=DMARC1; p=reject; rua=mailto:d@acme.test'],
    [
      'v=DMARC1; p=block; rua=mailto:d@acme.test',
      'fail',
      /p=block is none of/,
      'v=DMARC1; p=quarantine; rua=mailto:d@acme.test',
    ],
    [
      'v=DMARC1; rua=mailto:d@acme.test',
      'fail',
      /p=, the policy, is missing/,
      'v=DMARC1; p=quarantine; rua=mailto:d@acme.test',
    ],
    ['v=DMARC1; p=reject; rua=dmarc@acme.test', 'fail', /is no URI/, 'v=DMARC1; p=reject; rua=mailto:dmarc@acme.test'],
  ])('%s', async (record, status, text, better) => {
    const check = await dmarc(record);
    expect(check).toMatchObject({ status, record: txt('_dmarc.acme.test', better) });
    expect([check.summary, ...check.details].join('\n')).toMatch(text);
  });

  it('is one record, written just so', async () => {
    expect(await dmarc(['v=DMARC1; p=reject', 'v=DMARC1; p=none'])).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('several'),
    });
    expect(await dmarc('v=dmarc1; p=reject')).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('no DMARC record'),
    });
  });

  it('of the organisation holds for a domain beneath, by its sp', async () => {
    const options = { ...OWN, from: 'news.acme.test' };
    expect(await dmarc('v=DMARC1; p=reject; rua=mailto:d@acme.test', {}, options)).toMatchObject({ status: 'pass' });
    expect(await dmarc('v=DMARC1; p=reject; sp=none; rua=mailto:d@acme.test', {}, options)).toMatchObject({
      status: 'warn',
      summary: expect.stringContaining('policy is none'),
    });
  });

  it('of the organisation keeps its own policy where that of the subdomain is right', async () => {
    const options = { ...OWN, from: 'news.acme.test' };
    for (const policy of ['p=none; sp=reject', 'p=reject; sp=quarantine'])
      expect(await dmarc(`v=DMARC1; ${policy}; pct=50; rua=mailto:d@acme.test`, {}, options)).toMatchObject({
        status: 'warn',
        record: { value: `v=DMARC1; ${policy}; rua=mailto:d@acme.test` },
      });
  });

  it('of a public suffix ends above what is one organisation', async () => {
    const changes = {
      '_dmarc.test': { TXT: 'v=DMARC1; p=none; psd=y' },
      '_dmarc.acme.test': 'NXDOMAIN' as const,
    };
    const check = await found('dmarc', changes, OWN, 'acme.test');
    expect(check).toMatchObject({
      status: 'warn',
      details: expect.arrayContaining([expect.stringContaining('found at _dmarc.test')]),
    });
  });

  it('needs the word of who is to get reports elsewhere', async () => {
    const record = 'v=DMARC1; p=reject; rua=mailto:d@reports.example!10m';
    const subject = 'reports of acme.test';
    expect(await found('dmarc', { '_dmarc.acme.test': { TXT: record } }, OWN, subject)).toMatchObject({
      status: 'warn',
      record: txt('acme.test._report._dmarc.reports.example', 'v=DMARC1'),
    });
    const changes = {
      '_dmarc.acme.test': { TXT: record },
      'acme.test._report._dmarc.reports.example': { TXT: 'v=DMARC1' },
    };
    expect(await found('dmarc', changes, OWN, subject)).toMatchObject({ status: 'pass' });
    const within = { '_dmarc.acme.test': { TXT: 'v=DMARC1; p=reject; rua=mailto:d@mail.acme.test' } };
    expect(await found('dmarc', within, OWN, subject)).toMatchObject({ status: 'pass' });
  });
});

describe('the From header', () => {
  it('may be of the domain above, whose record then counts', async () => {
    server.zone = wellKept({ 'mail.acme.test': { TXT: `v=spf1 ip4:${ADDRESS} -all`, MX: '10 mx.acme.test' } });
    const { checks } = await report(
      { ...OWN, from: 'hello@acme.test', returnPath: 'mail.acme.test' },
      'mail.acme.test',
    );
    expect(
      checks
        .filter(({ name }) => ['dmarc', 'alignment'].includes(name))
        .map(({ subject, status }) => [subject, status]),
    ).toEqual([
      ['acme.test', 'pass'],
      ['reports of acme.test', 'pass'],
      ['your own server', 'pass'],
    ]);
  });
});

describe('alignment', () => {
  const alignment = (options: SenderDomainsOptions, changes = {}) => found('alignment', changes, options);

  it('passes by DKIM alone, warns of SPF alone, and fails without both', async () => {
    expect(await alignment({ providers: ['postmark'] })).toMatchObject({
      status: 'pass',
      summary: 'DKIM can speak for the From domain',
    });
    expect(await alignment({ addresses: [ADDRESS] })).toMatchObject({
      status: 'warn',
      summary: expect.stringContaining('only SPF'),
    });
    const stranger = await generateDkimKey({ domain: 'other.test', selector: 'x' });
    expect(await alignment({ dkim: stranger, returnPath: 'bounces.other.test' })).toMatchObject({
      status: 'fail',
      summary: 'neither SPF nor DKIM speaks for acme.test: DMARC fails',
    });
  });

  it('heeds a record that wants the very domain', async () => {
    const options = { ...OWN, returnPath: 'bounces.acme.test', dkim: [] };
    expect(await alignment(options)).toMatchObject({ summary: expect.stringContaining('only SPF') });
    const strict = { '_dmarc.acme.test': { TXT: 'v=DMARC1; p=reject; aspf=s; rua=mailto:d@acme.test' } };
    expect(await alignment(options, strict)).toMatchObject({
      summary: expect.stringContaining('neither SPF nor DKIM'),
    });
  });
});

describe('MX', () => {
  const mx = (entry: ZoneEntry, more: Record<string, ZoneEntry> = {}) =>
    found('mx', { 'acme.test': { TXT: `v=spf1 ip4:${ADDRESS} -all`, ...(entry as object) }, ...more });

  it.each([
    ['a null MX', { MX: '0 .' }, 'warn', /takes no mail, so bounces cannot come back/],
    ['no MX', {}, 'fail', /neither an MX record nor an address/],
    ['no MX, and an address', { A: ADDRESS }, 'warn', /mail goes to its own address/],
    ['an MX that is an address', { MX: '10 192.0.2.1' }, 'fail', /names a host, not an address/],
    ['an MX without address', { MX: ['10 gone.acme.test'] }, 'fail', /none of the servers/],
    [
      'one MX of two without address',
      { MX: ['10 gone.acme.test', '20 mx.acme.test'] },
      'warn',
      /gone\.acme\.test has no address/,
    ],
    ['a null MX beside another', { MX: ['0 .', '10 mx.acme.test'] }, 'fail', /stands beside/],
  ])('with %s', async (_, entry, status, text) => {
    expect(await mx(entry as ZoneEntry)).toMatchObject({ status, summary: expect.stringMatching(text) });
  });

  it('that is an alias names the host that it is one of', async () => {
    const check = await mx({ MX: '10 mail.acme.test' }, { 'mail.acme.test': { CNAME: 'mx.acme.test' } });
    expect(check).toMatchObject({ status: 'warn', summary: expect.stringContaining('name mx.acme.test itself') });
  });
});

describe('MTA-STS and TLS reports', () => {
  const sts = (policy: string | Error, changes: Record<string, ZoneEntry> = {}) =>
    found('mta-sts', changes, {
      ...OWN,
      fetchPolicy: async () => {
        if (policy instanceof Error) throw policy;
        return policy;
      },
    });

  it.each([
    ['in testing mode', POLICY.replace('enforce', 'testing'), 'warn', /mode is testing/],
    ['that forgets a server', POLICY.replace('mx.acme.test', 'mx2.acme.test'), 'fail', /does not name mx\.acme\.test/],
    ['with a pattern', POLICY.replace('mx.acme.test', '*.acme.test'), 'pass', /over TLS/],
    ['with a pattern for another level', POLICY.replace('mx.acme.test', '*.test'), 'fail', /does not name/],
    ['that is remembered for a moment', POLICY.replace('604800', '60'), 'warn', /max_age is 60/],
    ['that is none', '<html>', 'fail', /the policy is wrong/],
    ['that cannot be had', new Error('the certificate has expired'), 'warn', /the certificate has expired/],
  ])('with a policy %s', async (_, policy, status, text) => {
    expect(await sts(policy)).toMatchObject({ status, summary: expect.stringMatching(text) });
  });

  it('that is not there comes with its record and policy', async () => {
    const check = await sts(POLICY, { '_mta-sts.acme.test': 'NXDOMAIN' });
    expect(check).toMatchObject({
      status: 'warn',
      record: { name: '_mta-sts.acme.test', value: expect.stringMatching(/^v=STSv1; id=\d{14}$/) },
    });
    expect(check.details.join()).toContain('mx: mx.acme.test');
  });

  it('does not concern a domain that takes no mail', async () => {
    const changes: Record<string, ZoneEntry> = {
      'acme.test': { TXT: `v=spf1 ip4:${ADDRESS} -all`, MX: '0 .' },
      '_mta-sts.acme.test': 'NXDOMAIN',
      '_smtp._tls.acme.test': 'NXDOMAIN',
    };
    expect(await sts(POLICY, changes)).toMatchObject({ status: 'skip' });
    expect(await found('tls-rpt', changes)).toMatchObject({ status: 'skip' });
  });

  it.each([
    ['v=TLSRPTv1; rua=tls@acme.test', 'fail'],
    ['v=TLSRPTv1', 'fail'],
    ['v=TLSRPTv1; rua=https://acme.test/tls,mailto:tls@acme.test', 'pass'],
  ])('reports by %s: %s', async (record, status) => {
    expect(await found('tls-rpt', { '_smtp._tls.acme.test': { TXT: record } })).toMatchObject({ status });
  });
});

describe('the address that mails leave from', () => {
  const PTR = '4.0.41.198.in-addr.arpa';

  it.each([
    ['has no name', { [PTR]: 'NXDOMAIN' as const }, OWN, 'fail', /has no name/],
    [
      'has a name that has another address',
      { [PTR]: { PTR: 'liar.test' }, 'liar.test': { A: '192.0.2.9' } },
      OWN,
      'fail',
      /none of them has that address/,
    ],
    [
      'is called otherwise than its server calls itself',
      { [PTR]: { PTR: 'out.acme.test' }, 'out.acme.test': { A: ADDRESS } },
      OWN,
      'warn',
      /called otherwise/,
    ],
    [
      'has a server that calls itself what is not there',
      {},
      { ...OWN, helo: 'gone.acme.test' },
      'warn',
      /has not the address/,
    ],
    ['is not in the Internet', {}, { addresses: ['10.0.0.1'] }, 'warn', /public Internet/],
  ])('%s', async (_, changes, options, status, text) => {
    const check = await found('ptr', changes as Record<string, ZoneEntry>, options);
    expect(check).toMatchObject({ status, summary: expect.stringMatching(text) });
  });

  it('comes with the record that its owner must publish', async () => {
    expect((await found('ptr', { [PTR]: 'NXDOMAIN' })).record).toEqual({
      name: PTR,
      type: 'PTR',
      value: 'mx.acme.test.',
    });
  });

  it('may be IPv6', async () => {
    const changes = {
      '4.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.e.3.a.b.3.0.5.0.1.0.0.2.ip6.arpa': { PTR: 'mx.acme.test' },
      'mx.acme.test': { A: ADDRESS, AAAA: '2001:503:ba3e::4' },
    };
    expect(await found('ptr', changes, { ...OWN, addresses: ['2001:503:ba3e::4'] })).toMatchObject({ status: 'pass' });
  });
});

describe('BIMI', () => {
  const bimi = (changes: Record<string, ZoneEntry>) => found('bimi', changes, { ...OWN, bimi: true });
  it('is looked at when asked for', async () => {
    expect((await report()).checks.some(({ name }) => name === 'bimi')).toBe(false);
    expect(await bimi({})).toMatchObject({ status: 'skip' });
    const record = { TXT: 'v=BIMI1; l=https://acme.test/logo.svg; a=https://acme.test/logo.pem' };
    expect(await bimi({ 'default._bimi.acme.test': record })).toMatchObject({ status: 'pass' });
    expect(
      await bimi({ 'default._bimi.acme.test': record, '_dmarc.acme.test': { TXT: 'v=DMARC1; p=none' } }),
    ).toMatchObject({ status: 'fail' });
    expect(await bimi({ 'default._bimi.acme.test': { TXT: 'v=BIMI1; l=http://acme.test/logo.png' } })).toMatchObject({
      status: 'fail',
    });
  });
});

describe('a DNS that does not answer', () => {
  it.each(['SERVFAIL', 'REFUSED', 'silent'] as const)(
    '(%s) is a warning with its reason, and nothing to publish',
    async (state) => {
      server.zone = new Proxy({}, { get: () => state });
      const { status, checks } = await report();
      expect(status).toBe('warn');
      expect(checks.filter((check) => check.status !== 'warn')).toEqual([]);
      expect(checks.some(({ record }) => record)).toBe(false);
      expect(checks[0]!.summary).toMatch(/the DNS did not answer, so nothing is known: .*\(E[A-Z]+\)/);
    },
  );

  it('beneath an include is a warning, too', async () => {
    const changes = {
      'acme.test': { TXT: `v=spf1 ip4:${ADDRESS} include:down.test -all`, MX: '10 mx.acme.test' },
      'down.test': 'SERVFAIL' as const,
    };
    expect(await found('spf', changes)).toMatchObject({
      status: 'warn',
      summary: expect.stringContaining('down.test could not be asked'),
    });
  });

  it('takes no longer than the check may', async () => {
    server.zone = new Proxy({}, { get: () => 'silent' });
    const dns = { servers: [server.address], timeout: '1h' } as const;
    const { status, checks } = await report({ ...OWN, dns, timeout: '200ms' });
    expect(status).toBe('warn');
    expect(checks[0]!.summary).toContain('no answer within the 200 ms that a check may take');
  });
});

describe('a hostile DNS', () => {
  it('leads nowhere and says nothing to a terminal', async () => {
    const evil = '\u001b[2J\u202e';
    server.zone = wellKept({
      'acme.test': {
        TXT: [`v=spf1 ${evil} include:${evil}.test -all`],
        MX: Array.from({ length: 60 }, (_, index) => `${index} m${index}.acme.test`),
      },
      '_dmarc.acme.test': { TXT: `v=DMARC1; p=${evil}; rua=mailto:${evil}` },
      'relay202611a._domainkey.acme.test': {
        TXT: Array.from({ length: 30 }, () => ['p='.padEnd(255, 'A'), 'A'.repeat(255)]),
      },
    });
    const { checks } = await report();
    // oxlint-disable-next-line no-control-regex
    expect(JSON.stringify(checks)).not.toMatch(/\\u001b|\u202e/);
    expect(
      Math.max(...checks.flatMap(({ details, summary }) => [summary, ...details]).map(({ length }) => length)),
    ).toBeLessThan(1_100);
  });

  it('is not asked without end', async () => {
    const fan = (name: string) =>
      `v=spf1 ${Array.from({ length: 6 }, (_, index) => `include:${name}${index}.fan.test`).join(' ')} -all`;
    server.zone = new Proxy(wellKept(), {
      get: (zone, name: string) =>
        name.endsWith('fan.test')
          ? { TXT: fan(name.replace('.fan.test', '')) }
          : name === 'acme.test'
            ? { TXT: fan('x'), MX: '10 mx.acme.test' }
            : zone[name],
    });
    const { checks } = await report();
    expect(checks.find(({ name }) => name === 'spf')).toMatchObject({ status: 'fail' });
    expect(server.asked('acme.test', 'TXT')).toBeGreaterThan(0);
    expect(server.questions.filter(({ name }) => name.endsWith('fan.test')).length).toBeLessThan(100);
  });
});

describe('options', () => {
  it.each<[unknown, string]>([
    [{ provider: ['ses'] }, 'senderDomains.provider'],
    [{ providers: ['nobody'] }, 'senderDomains.providers[0]'],
    [{ providers: [{ provider: 'ses', selector: 'x' }] }, 'senderDomains.providers[0].selector'],
    [{ selectors: ['no selector'] }, 'senderDomains.selectors'],
    [{ dkim: { ...rsa, privateKey: rsa.privateKey, domain: 'acme.test?x' } }, 'senderDomains.dkim.domain'],
    [{ dkim: { ...rsa, privateKey: rsa.privateKey, selector: 'a b' } }, 'senderDomains.dkim.selector'],
    [{ addresses: ['localhost'] }, 'senderDomains.addresses'],
    [{ from: 'Ada <ada@>' }, 'senderDomains.from'],
    [{ timeout: 'soon' }, 'senderDomains.timeout'],
    [{ dns: { servers: ['nowhere'] } }, 'senderDomains.dns.servers[0]'],
  ])('%j is an error that names %s', (options, option) => {
    expect(() => new SenderDomains(options as SenderDomainsOptions)).toThrow(
      expect.objectContaining({ name: 'RelayConfigurationError', option }),
    );
  });

  it('want a domain', async () => {
    await expect(new SenderDomains().check()).rejects.toThrow(RelayConfigurationError);
    for (const wrong of ['no domain', 'acme.test/other.test', 'acme.test?x', 'bücher.test#x'])
      await expect(new SenderDomains().check(wrong)).rejects.toThrow(RelayConfigurationError);
  });
});
