import { createHash, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { usableRecords } from '../../../lib/transport/direct/dane.js';
import type { DnsServerOptions, ZoneEntry, ZoneRecords } from '../../support/dns-server.js';
import { faultyServer, smtpServer } from '../../support/smtp/smtp-fixtures.js';
import type { SmtpServerOptions } from '../../support/smtp/start-smtp-server.js';
import { acme, forged } from '../../support/tls/acme.js';
import { localhost } from '../../support/tls/localhost.js';
import { answering, policyOf, policyServer } from './policy-server.js';
import { directTransport, dnsServer, send } from './support.js';

const leaf = new X509Certificate(acme.cert);
const authority = new X509Certificate(acme.authority);
const key = ({ publicKey }: X509Certificate): Buffer => publicKey.export({ type: 'spki', format: 'der' });
const sha = (bytes: Buffer, bits = 256): string => createHash(`sha${bits}`).update(bytes).digest('hex');
/** With the authority's certificate behind the server's own, as DANE-TA needs it. */
const chain = { key: acme.key, cert: `${acme.cert}${acme.authority}` };

async function outcome(
  tlsa: string | readonly string[] | ZoneRecords,
  server: SmtpServerOptions = { certificate: chain },
  changes: { zone?: Record<string, ZoneEntry>; dns?: DnsServerOptions } = {},
): Promise<{ state: string; code?: string; message?: string; secure?: boolean; from: number }> {
  const running = await smtpServer({ host: '127.0.0.2', ...server });
  const entry = typeof tlsa === 'string' || Array.isArray(tlsa) ? { TLSA: tlsa as string } : (tlsa as ZoneRecords);
  const dns = await dnsServer(
    {
      'acme.test': { MX: '10 mx.acme.test' },
      'mx.acme.test': { A: '127.0.0.2' },
      [`_${running.port}._tcp.mx.acme.test`]: entry,
      ...changes.zone,
    },
    { authentic: true, ...changes.dns },
  );
  const { recipients } = await send(directTransport(dns, { port: running.port }), 'a@acme.test');
  const { state, error } = recipients[0]!;
  return {
    state,
    ...(error?.code !== undefined && { code: error.code }),
    ...(error && { message: error.message }),
    ...(running.mails[0] && { secure: running.mails[0].secure }),
    from: running.connections,
  };
}

describe('a server that its TLSA records know', () => {
  it.each([
    ['by its key', `3 1 1 ${sha(key(leaf))}`],
    ['by its whole key', `3 1 0 ${key(leaf).toString('hex')}`],
    ['by its certificate, SHA-512', `3 0 2 ${sha(leaf.raw, 512)}`],
    ['by its authority', `2 0 1 ${sha(authority.raw)}`],
    ['by its authority’s key', `2 1 1 ${sha(key(authority))}`],
  ])('%s gets the mail, encrypted', async (_, tlsa) => {
    expect(await outcome(tlsa)).toMatchObject({ state: 'sent', secure: true });
  });

  it('among others gets the mail', async () => {
    expect(await outcome([`3 1 1 ${'00'.repeat(32)}`, `3 1 1 ${sha(key(leaf))}`])).toMatchObject({ state: 'sent' });
  });

  it('by its key needs no name and no authority', async () => {
    const certificate = new X509Certificate(localhost.cert);
    expect(await outcome(`3 1 1 ${sha(key(certificate))}`, {})).toMatchObject({ state: 'sent', secure: true });
  });

  it('behind a CNAME that is proved is known by the name that leads to', async () => {
    const server = await smtpServer({ host: '127.0.0.2', certificate: chain });
    const dns = await dnsServer(
      {
        'acme.test': { MX: '10 mail.acme.test' },
        'mail.acme.test': { CNAME: 'mx.acme.test' },
        'mx.acme.test': { A: '127.0.0.2' },
        [`_${server.port}._tcp.mx.acme.test`]: { TLSA: `2 0 1 ${sha(authority.raw)}` },
      },
      { authentic: true },
    );
    const { recipients } = await send(directTransport(dns, { port: server.port }), 'a@acme.test');
    expect(recipients[0]!.state).toBe('sent');
  });
});

describe('a server that its TLSA records do not know', () => {
  const wrong = `3 1 1 ${'00'.repeat(32)}`;

  it('does not get the mail: it waits, and is never sent in clear', async () => {
    expect(await outcome(wrong)).toMatchObject({ state: 'deferred', code: 'EDANE', from: 1 });
    expect(await outcome(wrong, { tls: 'none' })).toMatchObject({
      state: 'deferred',
      code: 'ETLS',
      message: expect.stringContaining('has TLSA records (DANE)'),
    });
    const broken = await faultyServer({
      host: '127.0.0.2',
      extensions: ['STARTTLS'],
      script: { starttls: '454 4.7.0 Not now' },
    });
    const dns = await dnsServer(
      {
        'acme.test': { MX: '10 mx.acme.test' },
        'mx.acme.test': { A: '127.0.0.2' },
        [`_${broken.port}._tcp.mx.acme.test`]: { TLSA: wrong },
      },
      { authentic: true },
    );
    const { recipients } = await send(directTransport(dns, { port: broken.port }), 'a@acme.test');
    expect(recipients[0]!.state).toBe('deferred');
    expect(broken.count('mail')).toBe(0);
  });

  it('does not become known by an authority that has not signed its certificate, though it says so', async () => {
    const certificate = { key: forged.key, cert: `${forged.cert}${acme.authority}` };
    expect(await outcome(`2 0 1 ${sha(authority.raw)}`, { certificate })).toMatchObject({
      state: 'deferred',
      code: 'EDANE',
      message: expect.stringContaining('not validly signed') as string,
    });
  });

  it('is known by its authority only under its own name', async () => {
    expect(
      await outcome({}, undefined, {
        zone: { 'acme.test': { MX: '10 strange.test' }, 'strange.test': { A: '127.0.0.2' } },
      }),
    ).toMatchObject({ state: 'sent' });
    const server = await smtpServer({ host: '127.0.0.2', certificate: chain });
    const dns = await dnsServer(
      {
        'other.test': { MX: '10 strange.test' },
        'strange.test': { A: '127.0.0.2' },
        [`_${server.port}._tcp.strange.test`]: { TLSA: `2 0 1 ${sha(authority.raw)}` },
      },
      { authentic: true },
    );
    const { recipients } = await send(directTransport(dns, { port: server.port }), 'a@other.test');
    expect(recipients).toMatchObject([
      { state: 'deferred', error: { code: 'EDANE', message: /is not for strange\.test or other\.test/ } },
    ]);
  });

  it('does not get the mail either when it cannot be said whether there are records', async () => {
    expect(await outcome({ fails: { TLSA: 'SERVFAIL' } })).toMatchObject({
      state: 'deferred',
      code: 'ESERVFAIL',
      from: 0,
    });
  });

  it('does not get the mail either when its addresses of one family cannot be asked for', async () => {
    expect(
      await outcome(wrong, undefined, { zone: { 'mx.acme.test': { A: '127.0.0.2', fails: { AAAA: 'SERVFAIL' } } } }),
    ).toMatchObject({ state: 'deferred', code: 'EDANE' });
  });

  it('leaves it to the next server', async () => {
    const first = await smtpServer({ host: '127.0.0.2', certificate: chain });
    const second = await smtpServer({ host: '127.0.0.3', port: first.port, certificate: chain });
    const dns = await dnsServer(
      {
        'acme.test': { MX: ['10 mx.acme.test', '20 backup.acme.test'] },
        'mx.acme.test': { A: '127.0.0.2' },
        'backup.acme.test': { A: '127.0.0.3' },
        [`_${first.port}._tcp.mx.acme.test`]: { TLSA: wrong },
        [`_${first.port}._tcp.backup.acme.test`]: { TLSA: `3 1 1 ${sha(key(leaf))}` },
      },
      { authentic: true },
    );
    const { recipients } = await send(directTransport(dns, { port: first.port }), 'a@acme.test');
    expect(recipients[0]!.state).toBe('sent');
    expect([first.mails.length, second.mails.length]).toEqual([0, 1]);
  });
});

describe('TLSA records count for nothing', () => {
  const wrong = { TLSA: `3 1 1 ${'00'.repeat(32)}` };

  it.each<[string, Record<string, ZoneEntry>]>([
    ['where the MX is not proved', { 'acme.test': { MX: '10 mx.acme.test', authentic: false } }],
    ['where the address is not proved', { 'mx.acme.test': { A: '127.0.0.2', authentic: false } }],
  ])('%s', async (_, zone) => {
    expect(await outcome(wrong, undefined, { zone })).toMatchObject({ state: 'sent' });
  });

  it('where they are not proved themselves, or nothing is', async () => {
    expect(await outcome({ ...wrong, authentic: false })).toMatchObject({ state: 'sent' });
    expect(await outcome(wrong, undefined, { dns: { authentic: false } })).toMatchObject({ state: 'sent' });
  });

  it('where none of them is usable, but that there must be TLS', async () => {
    const unusable = ['0 0 1 00', '1 1 1 00', '3 1 1 0011', '3 9 1 00', '3 1 7 00'];
    expect(await outcome(unusable, {})).toMatchObject({ state: 'sent', secure: true });
    expect(await outcome(unusable, { tls: 'none' })).toMatchObject({ state: 'deferred', code: 'ETLS' });
  });

  it('where none of them is usable, and what the options or MTA-STS demand holds', async () => {
    const server = await smtpServer({ host: '127.0.0.2' });
    const policies = await policyServer('');
    policies.answer = answering(policyOf('enforce', 'mx.acme.test'));
    const dns = await dnsServer(
      {
        'acme.test': { MX: '10 mx.acme.test' },
        'mx.acme.test': { A: '127.0.0.2' },
        'mta-sts.acme.test': { A: '127.0.0.5' },
        '_mta-sts.acme.test': { TXT: 'v=STSv1; id=1;' },
        [`_${server.port}._tcp.mx.acme.test`]: { TLSA: '1 1 1 00' },
      },
      { authentic: true },
    );
    for (const options of [{ tls: 'verified' }, { mtaSts: { ca: acme.authority, port: policies.port } }] as const) {
      const { recipients } = await send(directTransport(dns, { port: server.port, ...options }), 'a@acme.test');
      expect(recipients).toMatchObject([{ state: 'deferred', error: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } }]);
    }
    expect(server.mails).toEqual([]);
  });

  it('where that is not wanted', async () => {
    const server = await smtpServer({ host: '127.0.0.2' });
    const dns = await dnsServer(
      {
        'acme.test': { MX: '10 mx.acme.test' },
        'mx.acme.test': { A: '127.0.0.2' },
        [`_${server.port}._tcp.mx.acme.test`]: wrong,
      },
      { authentic: true },
    );
    const { recipients } = await send(directTransport(dns, { port: server.port, dane: false }), 'a@acme.test');
    expect(recipients[0]!.state).toBe('sent');
  });
});

it('comes before MTA-STS', async () => {
  const server = await smtpServer({ host: '127.0.0.2' });
  const policies = await policyServer('');
  policies.answer = answering(policyOf('enforce', 'nothing.test'));
  const certificate = new X509Certificate(localhost.cert);
  const dns = await dnsServer(
    {
      'acme.test': { MX: '10 mx.acme.test' },
      'mx.acme.test': { A: '127.0.0.2' },
      'mta-sts.acme.test': { A: '127.0.0.5' },
      '_mta-sts.acme.test': { TXT: 'v=STSv1; id=1;' },
      [`_${server.port}._tcp.mx.acme.test`]: { TLSA: `3 1 1 ${sha(key(certificate))}` },
    },
    { authentic: true },
  );
  const direct = directTransport(dns, { port: server.port, mtaSts: { ca: acme.authority, port: policies.port } });
  expect((await send(direct, 'a@acme.test')).recipients[0]!.state).toBe('sent');
});

it('uses only records that SMTP may rely on', () => {
  const record = (usage: number, selector: number, matchingType: number, bytes: number) => ({
    usage,
    selector,
    matchingType,
    data: new Uint8Array(bytes),
  });
  expect(usableRecords([record(2, 0, 1, 32), record(3, 1, 2, 64), record(3, 1, 0, 91)])).toHaveLength(3);
  expect(
    usableRecords([
      record(0, 0, 1, 32),
      record(1, 1, 1, 32),
      record(3, 2, 1, 32),
      record(3, 1, 3, 32),
      record(3, 1, 1, 31),
      record(3, 1, 0, 0),
    ]),
  ).toEqual([]);
});
