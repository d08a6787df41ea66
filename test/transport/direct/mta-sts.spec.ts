import { describe, expect, it } from 'vitest';
import type {
  DirectTransportOptions,
  MtaStsStore,
} from '../../../lib/transport/direct/direct-transport-options.interface.js';
import type { DirectTransport } from '../../../lib/transport/direct/direct.transport.js';
import { allowsHost, parsePolicy, policyId } from '../../../lib/transport/direct/mta-sts/mta-sts-policy.js';
import { MtaStsPolicies } from '../../../lib/transport/direct/mta-sts/mta-sts-policies.js';
import type { RunningDnsServer, ZoneEntry } from '../../support/dns-server.js';
import type { SmtpServerOptions } from '../../support/smtp/start-smtp-server.js';
import { smtpServer } from '../../support/smtp/smtp-fixtures.js';
import { acme } from '../../support/tls/acme.js';
import { answering, policyOf, policyServer, type RunningPolicyServer } from './policy-server.js';
import { directTransport, dnsServer, send, statesOf } from './support.js';

const zone = (): Record<string, ZoneEntry> => ({
  'acme.test': { MX: '10 mx.acme.test' },
  'mx.acme.test': { A: '127.0.0.2' },
  'mta-sts.acme.test': { A: '127.0.0.5' },
  '_mta-sts.acme.test': { TXT: 'v=STSv1; id=1;', ttl: 0 },
});

/** One that nobody meets. */
const STRICT = policyOf('enforce', 'nothing.test');

interface Stage {
  policies: RunningPolicyServer;
  dns: RunningDnsServer;
  port: number;
  transport(options?: DirectTransportOptions, store?: MtaStsStore): DirectTransport;
}

async function stage(policy: string, server: SmtpServerOptions = { certificate: acme }): Promise<Stage> {
  const { port } = await smtpServer({ host: '127.0.0.2', ...server });
  const policies = await policyServer(policy);
  const dns = await dnsServer(zone());
  const transport: Stage['transport'] = (options = {}, store) =>
    directTransport(dns, {
      port,
      tlsOptions: { ca: acme.authority },
      mtaSts: { ca: acme.authority, port: policies.port, ...(store && { store }) },
      ...options,
    });
  return { policies, dns, port, transport };
}

describe('a policy that is enforced', () => {
  it('is met by a server that is named in it, with a certificate for its name', async () => {
    const { policies, transport } = await stage(policyOf('enforce', '*.acme.test'));
    const direct = transport();
    for (const to of ['a@acme.test', 'b@acme.test']) expect(statesOf(await send(direct, to))).toBe(`${to} sent`);
    expect(policies.requests).toEqual([`mta-sts.acme.test:${policies.port}/.well-known/mta-sts.txt`]);
  });

  it.each<[string, SmtpServerOptions, RegExp]>([
    ['whose certificate is of an unknown authority', {}, /self-signed certificate/],
    ['without STARTTLS', { tls: 'none' }, /no(?:t offer)? STARTTLS.*MTA-STS policy of acme\.test/],
  ])('keeps the mail from a server %s', async (_, server, words) => {
    const { transport } = await stage(policyOf('enforce', 'mx.acme.test'), server);
    const { recipients } = await send(transport(), 'a@acme.test');
    expect(recipients).toMatchObject([{ state: 'deferred', error: { scope: 'recipient', permanent: false } }]);
    expect(recipients[0]!.error!.message).toMatch(words);
  });

  it('keeps the mail from a server whose certificate is for another name', async () => {
    const { dns, transport } = await stage(policyOf('enforce', 'other.acme.test'));
    dns.zone['acme.test'] = { MX: '10 other.acme.test' };
    dns.zone['other.acme.test'] = { A: '127.0.0.2' };
    const { recipients } = await send(transport(), 'a@acme.test');
    expect(recipients).toMatchObject([{ state: 'deferred', error: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } }]);
  });

  it('keeps the mail from a server that is not named in it, and lets the next one have it', async () => {
    const { dns, transport } = await stage(policyOf('enforce', 'mx.acme.test'));
    dns.zone['evil.test'] = { A: '127.0.0.2' };
    dns.zone['acme.test'] = { MX: ['5 evil.test', '10 mx.acme.test'] };
    expect(statesOf(await send(transport(), 'a@acme.test'))).toBe('a@acme.test sent');
    dns.zone['acme.test'] = { MX: '5 evil.test' };
    const { recipients } = await send(transport(), 'a@acme.test');
    expect(recipients).toMatchObject([{ state: 'deferred', error: { code: 'EMTASTS' } }]);
  });
});

describe('a policy', () => {
  it.each([
    ['for testing', policyOf('testing', 'nothing.test')],
    ['of none', policyOf('none')],
    ['that cannot be read', 'version: STSv2'],
  ])('%s stops nothing', async (_, policy) => {
    const { transport } = await stage(policy, {});
    expect(statesOf(await send(transport(), 'a@acme.test'))).toBe('a@acme.test sent');
  });

  it.each<[string, RunningPolicyServer['answer']]>([
    ['is elsewhere', (_, response) => response.writeHead(301, { location: '/other' }).end(STRICT)],
    ['is missing', (_, response) => response.writeHead(404).end(STRICT)],
    ['is too large', (_, response) => response.end(`${STRICT}${'mx: a.test\r\n'.repeat(10_000)}`)],
    ['breaks off', (_, response) => void response.write(STRICT, () => response.destroy())],
    ['is not text', (_, response) => response.setHeader('content-type', 'text/html').end(STRICT)],
  ])('that %s is none, and is not asked for again with each mail', async (_, answer) => {
    const { policies, transport } = await stage('', {});
    policies.answer = answer;
    const direct = transport();
    for (const to of ['a@acme.test', 'b@acme.test']) expect(statesOf(await send(direct, to))).toBe(`${to} sent`);
    expect(policies.requests).toHaveLength(1);
  });

  it('from a server with a wrong certificate is none', async () => {
    const { policies, transport } = await stage(policyOf('enforce', 'nothing.test'), {});
    const direct = transport({ mtaSts: { port: policies.port } });
    expect(statesOf(await send(direct, 'a@acme.test'))).toBe('a@acme.test sent');
    expect(policies.requests).toHaveLength(0);
  });

  it('holds when it cannot be fetched again, or is hidden', async () => {
    const { dns, policies, transport } = await stage(policyOf('enforce', 'mx.acme.test'), { tls: 'none' });
    const direct = transport();
    const state = async (): Promise<string> => (await send(direct, 'a@acme.test')).recipients[0]!.state;
    expect(await state()).toBe('deferred');
    policies.answer = (_, response) => response.writeHead(500).end();
    dns.zone['_mta-sts.acme.test'] = { TXT: 'v=STSv1; id=2;', ttl: 0 };
    expect(await state()).toBe('deferred');
    dns.zone['_mta-sts.acme.test'] = 'NXDOMAIN';
    expect(await state()).toBe('deferred');
  });

  it('is fetched anew when its id is another', async () => {
    const { dns, policies, transport } = await stage(policyOf('enforce', 'nothing.test'));
    const direct = transport();
    expect(statesOf(await send(direct, 'a@acme.test'))).toBe('a@acme.test deferred');
    policies.answer = answering(policyOf('enforce', 'mx.acme.test'));
    dns.zone['_mta-sts.acme.test'] = { TXT: 'v=STSv1; id=2;', ttl: 0 };
    expect(statesOf(await send(direct, 'a@acme.test'))).toBe('a@acme.test sent');
  });

  it('is kept in a store, for the next process', async () => {
    const { policies, transport } = await stage(policyOf('enforce', 'mx.acme.test'));
    const texts = new Map<string, string>();
    const store: MtaStsStore = {
      read: async (domain) => texts.get(domain),
      write: async (domain, text) => void texts.set(domain, text),
    };
    for (let process = 0; process < 2; process++)
      expect(statesOf(await send(transport({}, store), 'a@acme.test'))).toBe('a@acme.test sent');
    expect(policies.requests).toHaveLength(1);
  });

  it('is no more when it is too old, and fetched again before that', async () => {
    const { policies, dns } = await stage(policyOf('enforce', 'mx.acme.test').replace('86400', '604800'));
    let now = Date.now();
    const { CachedDnsResolver } = await import('../../../lib/dns/cached-dns-resolver.js');
    const resolver = new CachedDnsResolver({ servers: [dns.address] });
    const kept = new MtaStsPolicies(
      { ca: acme.authority, port: policies.port },
      { dns: resolver, self: new Set(), allowPrivate: true },
      () => now,
    );
    expect((await kept.of('acme.test'))?.mode).toBe('enforce');
    now += 2 * 86_400_000;
    await kept.of('acme.test');
    expect(policies.requests).toHaveLength(1);
    now += 2 * 86_400_000;
    expect((await kept.of('acme.test'))?.mode).toBe('enforce');
    await expect.poll(() => policies.requests.length).toBe(2);
  });
});

it('reads what domains publish', () => {
  expect(policyId(['v=STSv1; id=20160831085700Z;'])).toBe('20160831085700Z');
  expect(policyId(['v=spf1 -all', 'v=STSv1;id=a1'])).toBe('a1');
  expect(policyId(['v=STSv1; id=1', 'v=STSv1; id=2'])).toBeUndefined();
  expect(policyId(['v=STSv1; id=no spaces;'])).toBeUndefined();
  expect(policyId(['v=STSv12; id=1;'])).toBeUndefined();
  expect(
    parsePolicy('version: STSv1\nmode: enforce\nmx: MX.acme.test\nmx: *.b.test.\nmax_age: 9999999999\nnew: x'),
  ).toBeDefined();
  for (const bad of [
    '',
    'version: STSv1',
    'version: STSv1\nmode: enforce\nmax_age: 1',
    'version: STSv1\nmode: x\nmx: a\nmax_age: 1',
  ])
    expect(() => parsePolicy(bad)).toThrow(/its? /);
});

it('compares names as RFC 8461 does', () => {
  const policy = { mode: 'enforce', mx: ['mx.acme.test', '*.example.test'], maxAge: 1 } as const;
  for (const host of ['mx.acme.test', 'a.example.test']) expect(allowsHost(policy, host)).toBe(true);
  for (const host of ['acme.test', 'example.test', 'a.b.example.test', 'aexample.test', 'mx.acme.test.evil.test'])
    expect(allowsHost(policy, host)).toBe(false);
});
