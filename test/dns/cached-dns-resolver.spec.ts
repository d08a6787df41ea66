import { afterEach, describe, expect, it } from 'vitest';
import { CachedDnsResolver } from '../../lib/dns/cached-dns-resolver.js';
import { DnsCache } from '../../lib/dns/dns-cache.js';
import type { DnsOptions } from '../../lib/dns/dns-options.interface.js';
import { DnsError } from '../../lib/dns/dns.error.js';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import { type DnsServerOptions, type RunningDnsServer, startDnsServer, type ZoneEntry } from '../support/dns-server.js';

const servers: RunningDnsServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function dnsServer(zone: Record<string, ZoneEntry>, options?: DnsServerOptions): Promise<RunningDnsServer> {
  const server = await startDnsServer(zone, options);
  servers.push(server);
  return server;
}

function asking(server: RunningDnsServer, options: DnsOptions = {}): CachedDnsResolver {
  return new CachedDnsResolver({ servers: [server.address], ...options });
}

describe('an answer', () => {
  it('has the records of each type', async () => {
    const server = await dnsServer({
      'acme.test': { MX: ['20 Backup.acme.test', '10 mx.acme.test'], TXT: ['v=spf1 -all', ['two', ' halves']] },
      'mx.acme.test': { A: ['192.0.2.1', '192.0.2.2'], AAAA: '2001:db8::1' },
      '_25._tcp.mx.acme.test': { TLSA: '3 1 1 00ff10' },
      '1.2.0.192.in-addr.arpa': { PTR: 'mx.acme.test' },
      '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa': { PTR: 'six.acme.test' },
    });
    const dns = asking(server);
    expect(await dns.mx('acme.test')).toEqual({
      records: [
        { preference: 20, exchange: 'backup.acme.test' },
        { preference: 10, exchange: 'mx.acme.test' },
      ],
      exists: true,
      authentic: false,
      name: 'acme.test',
    });
    expect((await dns.txt('acme.test')).records).toEqual(['v=spf1 -all', 'two halves']);
    expect((await dns.a('mx.acme.test')).records).toEqual(['192.0.2.1', '192.0.2.2']);
    expect((await dns.aaaa('mx.acme.test')).records).toEqual(['2001:db8::1']);
    expect((await dns.tlsa('_25._tcp.mx.acme.test')).records).toEqual([
      { usage: 3, selector: 1, matchingType: 1, data: Uint8Array.of(0, 255, 16) },
    ]);
    expect((await dns.ptr('192.0.2.1')).records).toEqual(['mx.acme.test']);
    expect((await dns.ptr('2001:DB8::1')).records).toEqual(['six.acme.test']);
    await expect(dns.ptr('mx.acme.test')).rejects.toThrow(RangeError);
  });

  it('tells a null MX, a name without records, and no such name apart', async () => {
    const dns = asking(await dnsServer({ 'null.test': { MX: '0 .' }, 'bare.test': { A: '192.0.2.1' } }));
    expect((await dns.mx('null.test')).records).toEqual([{ preference: 0, exchange: '' }]);
    expect(await dns.mx('bare.test')).toMatchObject({ records: [], exists: true });
    expect(await dns.mx('nobody.test')).toMatchObject({ records: [], exists: false });
  });

  it('follows CNAMEs, whether the resolver does or leaves it to us', async () => {
    const zone: Record<string, ZoneEntry> = {
      'a.test': { CNAME: 'B.test' },
      'b.test': { CNAME: 'c.test' },
      'c.test': { A: '192.0.2.3' },
    };
    for (const follow of [true, false]) {
      const dns = asking(await dnsServer(zone, { follow }));
      expect(await dns.a('a.test')).toMatchObject({ records: ['192.0.2.3'], name: 'c.test', exists: true });
    }
  });

  it('gives up on CNAMEs that go round in a circle', async () => {
    const server = await dnsServer({ 'a.test': { CNAME: 'b.test' }, 'b.test': { CNAME: 'a.test' } }, { follow: false });
    await expect(asking(server).a('a.test')).rejects.toThrow(DnsError);
    expect(server.questions.length).toBeLessThan(20);
  });

  it('takes names in Unicode, with a dot at their end, and in upper case', async () => {
    const server = await dnsServer({ 'xn--bcher-kva.test': { A: '192.0.2.4' } });
    const dns = asking(server);
    for (const name of ['bücher.test', 'BÜCHER.test.', 'XN--bcher-kva.TEST'])
      expect((await dns.a(name)).records).toEqual(['192.0.2.4']);
    expect(server.questions).toHaveLength(1);
  });

  it('knows localhost without asking, and that there is no name that the DNS cannot hold', async () => {
    const server = await dnsServer({});
    const dns = asking(server);
    expect((await dns.a('localhost')).records).toEqual(['127.0.0.1']);
    expect((await dns.aaaa('mail.localhost')).records).toEqual(['::1']);
    for (const name of [
      `${'a'.repeat(64)}.test`,
      'a..test',
      `${'a.'.repeat(130)}test`,
      'a b.test',
      'bücher.test/other.test',
      'bü\ncher.test',
      '',
    ])
      expect(await dns.mx(name)).toMatchObject({ records: [], exists: false });
    expect(server.questions).toHaveLength(0);
  });

  it('leaves out names that no host has', async () => {
    const dns = asking(
      await dnsServer({ 'acme.test': { MX: ['10 a\r\nb.test', '20 mx.acme.test', '30 <script>.test'] } }),
    );
    expect((await dns.mx('acme.test')).records).toEqual([{ preference: 20, exchange: 'mx.acme.test' }]);
  });
});

describe('authentic', () => {
  it('is what a resolver on this machine says in its AD bit, which is asked for', async () => {
    const server = await dnsServer(
      { 'acme.test': { A: '192.0.2.1' }, 'plain.test': { A: '192.0.2.2', authentic: false } },
      { authentic: true },
    );
    const dns = asking(server);
    expect(await dns.a('acme.test')).toMatchObject({ authentic: true });
    expect(await dns.a('plain.test')).toMatchObject({ authentic: false });
    expect(await dns.a('nobody.test')).toMatchObject({ authentic: true, exists: false });
    expect(server.questions[0]!.flags & 0x20).toBe(0x20);
    expect(server.questions[0]!.edns).toBe(true);
  });

  it('is not what another resolver says, unless it is trusted', async () => {
    const server = await dnsServer({ 'acme.test': { A: '192.0.2.1' } }, { authentic: true, host: '127.0.0.11' });
    expect(await asking(server).a('acme.test')).toMatchObject({ authentic: false });
    expect(await asking(server, { trustAd: true }).a('acme.test')).toMatchObject({ authentic: true });
  });

  it('holds only when each step of the CNAMEs was', async () => {
    for (const doubtful of ['a.test', 'b.test', 'none']) {
      const server = await dnsServer(
        {
          'a.test': { CNAME: 'b.test', authentic: doubtful !== 'a.test' },
          'b.test': { A: '192.0.2.1', authentic: doubtful !== 'b.test' },
        },
        { follow: false },
      );
      expect(await asking(server).a('a.test')).toMatchObject({
        records: ['192.0.2.1'],
        authentic: doubtful === 'none',
      });
    }
  });
});

describe('asking', () => {
  it('goes to the next server when one fails, refuses, or is not there', async () => {
    const good = await dnsServer({ 'acme.test': { A: '192.0.2.1' } });
    const gone = await startDnsServer();
    await gone.close();
    const failing = await dnsServer({ 'acme.test': 'SERVFAIL' });
    const refusing = await dnsServer({ 'acme.test': 'REFUSED' });
    const dns = new CachedDnsResolver({
      servers: [failing.address, refusing.address, gone.address, good.address],
    });
    expect((await dns.a('acme.test')).records).toEqual(['192.0.2.1']);
  });

  it('says what went wrong when none knows', async () => {
    const server = await dnsServer({ 'broken.test': 'SERVFAIL', 'silent.test': 'silent' });
    const dns = asking(server, { timeout: 50 });
    await expect(dns.mx('broken.test')).rejects.toMatchObject({
      name: 'DnsError',
      code: 'ESERVFAIL',
      message: `MX of broken.test: the DNS server ${server.address} answered SERVFAIL`,
    });
    await expect(dns.mx('silent.test')).rejects.toMatchObject({ code: 'ETIMEOUT' });
    expect(server.asked('silent.test')).toBe(2);
  });

  it('says so when nobody is there', async () => {
    const server = await startDnsServer();
    await server.close();
    await expect(asking(server).a('acme.test')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('asks by TCP for what does not fit a datagram', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `10 mx${index}.acme.test`);
    const server = await dnsServer({ 'acme.test': { MX: many } }, { truncate: true });
    expect((await asking(server).mx('acme.test')).records).toHaveLength(200);
    expect(server.questions.map(({ protocol }) => protocol)).toEqual(['udp', 'tcp']);
  });

  it('asks without EDNS where that is not understood', async () => {
    const server = await dnsServer(
      { 'acme.test': { A: '192.0.2.1' } },
      {
        distort: (reply, query) => {
          const edns = query.readUInt16BE(10) > 0;
          if (edns) reply.writeUInt16BE((reply.readUInt16BE(2) & 0xfff0) | 1, 2);
          return reply;
        },
      },
    );
    expect((await asking(server).a('acme.test')).records).toEqual(['192.0.2.1']);
  });

  it('goes on for 100 names at once, and no more', async () => {
    const server = await dnsServer(new Proxy({}, { get: () => 'silent' }));
    const dns = asking(server, { timeout: 500, tries: 1 });
    const answers = Array.from({ length: 150 }, (_, index) => dns.a(`host${index}.test`));
    await expect(Promise.race(answers)).rejects.toMatchObject({ code: 'ETIMEOUT' });
    expect(server.questions).toHaveLength(100);
    await Promise.allSettled(answers);
    expect(server.questions).toHaveLength(150);
  });

  it('uses another id and another port each time', async () => {
    const server = await dnsServer({});
    const dns = asking(server);
    for (let index = 0; index < 20; index++) await dns.a(`host${index}.test`);
    expect(new Set(server.questions.map(({ id }) => id)).size).toBeGreaterThan(15);
    expect(new Set(server.questions.map(({ port }) => port)).size).toBeGreaterThan(10);
  });
});

describe('a forged or broken answer', () => {
  const zone: Record<string, ZoneEntry> = { 'acme.test': { A: '192.0.2.1' } };
  const otherId = (reply: Buffer): Buffer => {
    const forged = Buffer.from(reply);
    forged.writeUInt16BE(reply.readUInt16BE(0) ^ 1, 0);
    return forged;
  };

  it('is passed over until the right one comes', async () => {
    const otherName = (reply: Buffer): Buffer => {
      const forged = Buffer.from(reply);
      forged.write('evil', 13);
      forged.writeUInt32BE(0x06060606, forged.length - 4);
      return forged;
    };
    const server = await dnsServer(zone, {
      distort: (reply) => [otherId(reply), otherName(reply), reply.subarray(0, 20), Buffer.alloc(3), reply],
    });
    expect((await asking(server).a('acme.test')).records).toEqual(['192.0.2.1']);
    expect(server.questions).toHaveLength(1);
  });

  it('makes us ask by TCP when there are many', async () => {
    const server = await dnsServer(zone, {
      distort: (reply) => {
        const { protocol } = server.questions.at(-1)!;
        return protocol === 'tcp' ? reply : Array.from({ length: 8 }, () => otherId(reply));
      },
    });
    expect((await asking(server).a('acme.test')).records).toEqual(['192.0.2.1']);
    expect(server.questions.map(({ protocol }) => protocol)).toEqual(['udp', 'tcp']);
  });

  it('does no harm, whatever its bytes are', async () => {
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48_271) % 0x7fff_ffff) % below;
    const server = await dnsServer(
      { 'acme.test': { MX: ['10 mx.acme.test'], TXT: 'words', TLSA: '3 1 1 00', AAAA: '2001:db8::1', A: '192.0.2.1' } },
      {
        distort: (reply) => {
          const bad = Buffer.from(reply);
          for (let index = 0; index < 3; index++) bad[12 + random(bad.length - 12)] = random(256);
          return bad;
        },
      },
    );
    const questions = Array.from({ length: 150 }, (_, index) => {
      const dns = asking(server, { timeout: 20, tries: 1 });
      const kind = (['mx', 'txt', 'tlsa', 'aaaa', 'a'] as const)[index % 5]!;
      return dns[kind]('acme.test').catch((error: unknown) => error);
    });
    for (const outcome of await Promise.all(questions))
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DnsError);
  });
});

describe('the cache', () => {
  it('asks once for as long as the TTL allows, and at once for equal questions', async () => {
    const server = await dnsServer({ 'acme.test': { A: '192.0.2.1' } });
    const dns = asking(server);
    await Promise.all(Array.from({ length: 10 }, () => dns.a('acme.test')));
    await dns.a('acme.test');
    expect(server.questions).toHaveLength(1);
    await dns.aaaa('acme.test');
    expect(server.questions).toHaveLength(2);
  });

  it('keeps nothing that has a TTL of 0, and nothing longer than the options say', async () => {
    const server = await dnsServer({ 'brief.test': { A: '192.0.2.1', ttl: 0 }, 'acme.test': { A: '192.0.2.1' } });
    const dns = asking(server, { maxTtl: 0 });
    for (const name of ['brief.test', 'acme.test']) {
      await dns.a(name);
      await dns.a(name);
      expect(server.asked(name)).toBe(2);
    }
  });

  it('keeps that there is nothing for as long as the SOA allows, and not without one', async () => {
    for (const [minimum, asked] of [
      [300, 1],
      [0, 2],
      [false, 2],
    ] as const) {
      const server = await dnsServer({ 'acme.test': { A: '192.0.2.1' } }, { minimum });
      const dns = asking(server);
      for (const name of ['acme.test', 'nobody.test']) {
        await dns.mx(name);
        await dns.mx(name);
        expect(server.asked(name)).toBe(asked);
      }
    }
  });

  it('keeps a failure for a moment only', async () => {
    const server = await dnsServer({ 'acme.test': 'SERVFAIL' });
    const dns = asking(server, { tries: 1 });
    await expect(dns.a('acme.test')).rejects.toThrow(DnsError);
    await expect(dns.a('acme.test')).rejects.toThrow(DnsError);
    expect(server.questions).toHaveLength(1);
    server.zone['acme.test'] = { A: '192.0.2.1' };
    await expect
      .poll(() => dns.a('acme.test').catch(() => undefined), { timeout: 10_000 })
      .toMatchObject({
        records: ['192.0.2.1'],
      });
  });

  it('forgets what was used longest ago when it is full', async () => {
    const zone = Object.fromEntries(['a', 'b', 'c'].map((name) => [`${name}.test`, { A: '192.0.2.1' }]));
    const server = await dnsServer(zone);
    const dns = asking(server, { cacheSize: 2 });
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await dns.a(`${name}.test`);
    expect([server.asked('a.test'), server.asked('b.test'), server.asked('c.test')]).toEqual([1, 2, 1]);
  });
});

it('holds 16 MB at most, however few the answers are', () => {
  const cache = new DnsCache<string>(1_000);
  for (const name of ['a', 'b', 'c']) cache.set(name, name, 60_000, 6 * 1024 * 1024);
  expect(['a', 'b', 'c'].map((name) => cache.get(name))).toEqual([undefined, 'b', 'c']);
  cache.set('b', 'small', 60_000, 1);
  cache.set('d', 'd', 60_000, 6 * 1024 * 1024);
  expect(['b', 'c', 'd'].map((name) => cache.get(name))).toEqual(['small', 'c', 'd']);
});

describe('a wrong option', () => {
  it.each<[string, object, RegExp]>([
    ['dns.server', { server: 'x' }, /no option; known are servers/],
    ['dns.servers', { servers: [] }, /list of resolvers/],
    ['dns.servers[1]', { servers: ['127.0.0.1', 'ns.acme.test'] }, /IP address/],
    ['dns.servers[0]', { servers: ['127.0.0.1:99999'] }, /IP address/],
    ['dns.timeout', { timeout: 'soon' }, /is no duration/],
    ['dns.timeout', { timeout: 0 }, /longer than nothing/],
    ['dns.tries', { tries: 0 }, /whole number/],
    ['dns.cacheSize', { cacheSize: 1.5 }, /whole number/],
    ['dns.trustAd', { trustAd: 'yes' }, /true or false/],
    ['dns.maxTtl', { maxTtl: -1 }, /is no duration/],
  ])('%s is named', (option, options, words) => {
    expect(() => new CachedDnsResolver(options)).toThrow(RelayConfigurationError);
    expect(() => new CachedDnsResolver(options)).toThrow(words);
    expect(() => new CachedDnsResolver(options)).toThrow(new RegExp(option.replaceAll(/[.[\]]/g, '\\$&')));
  });

  it('is none of these', () => {
    for (const server of ['127.0.0.1', '127.0.0.1:5353', '::1', '[::1]', '[::1]:5353'])
      expect(new CachedDnsResolver({ servers: [server] })).toBeDefined();
  });
});
