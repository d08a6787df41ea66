import { describe, expect, it } from 'vitest';
import { RelayConfigurationError } from '../../../lib/errors/relay-configuration.error.js';
import { DirectTransport } from '../../../lib/transport/direct/direct.transport.js';
import { transportFromUrl } from '../../../lib/transport/transport-url.js';
import { directTransport, dnsServer } from './support.js';

const name = 'out.sender.test';

describe('a wrong option', () => {
  it.each<[string, object]>([
    ['direct.nmae', { nmae: name }],
    ['direct.name', { name: 'localhost' }],
    ['direct.name', { name: '192.0.2.1' }],
    ['direct.port', { name, port: 70_000 }],
    ['direct.connections', { name, connections: 0 }],
    ['direct.maxConnections', { name, maxConnections: 1.5 }],
    ['direct.idle', { name, idle: 'a while' }],
    ['direct.tls', { name, tls: 'implicit' }],
    ['direct.tlsOptions.rejectUnauthorized', { name, tlsOptions: { rejectUnauthorized: false } }],
    ['direct.mtaSts', { name, mtaSts: 'yes' }],
    ['direct.mtaSts.cache', { name, mtaSts: { cache: {} } }],
    ['direct.mtaSts.store', { name, mtaSts: { store: {} } }],
    ['direct.dane', { name, dane: 'yes' }],
    ['direct.self', { name, self: ['not a name'] }],
    ['direct.self', { name, self: name }],
    ['direct.allowPrivate', { name, allowPrivate: 1 }],
    ['direct.dns.servers', { name, dns: { servers: [] } }],
    ['direct.timeouts.greting', { name, timeouts: { greting: 1 } }],
    ['direct.timeouts.data', { name, timeouts: { data: 'x' } }],
    ['direct.returnPath', { name, returnPath: 'bounces@sender.test' }],
    ['direct.greylistDelay', { name, greylistDelay: -1 }],
    ['direct.perDomain.acme.test.conections', { name, perDomain: { 'acme.test': { conections: 1 } } }],
    ['direct.perDomain.acme.test.tls', { name, perDomain: { 'acme.test': { tls: 'maybe' } } }],
    ['direct.addresses', { addresses: [] }],
    ['direct.name', { name, addresses: [{ address: '127.0.1.1', name }] }],
    ['direct.addresses[0].address', { addresses: [{ address: 'eth0', name }] }],
    ['direct.addresses[0].address', { addresses: [{ address: ['127.0.1.1', '127.0.1.2'], name }] }],
    ['direct.addresses[0].name', { addresses: [{ address: '127.0.1.1' }] }],
    ['direct.addresses', { addresses: [1, 2].map(() => ({ address: '127.0.1.1', name })) }],
    ['direct.addresses[0].warmup.start', { addresses: [{ address: '127.0.1.1', name, warmup: { start: '5/h' } }] }],
    [
      'direct.addresses[0].warmup.growth',
      { addresses: [{ address: '127.0.1.1', name, warmup: { start: '5/day', growth: 0.5 } }] },
    ],
    [
      'direct.addresses[0].warmup.since',
      { addresses: [{ address: '127.0.1.1', name, warmup: { start: '5/day', since: 'May' } }] },
    ],
    ['direct.dkim', { name, dkim: { domain: 'sender.test', selector: 'a', privateKey: 'no key' } }],
  ])('%s is named', (option, options) => {
    const make = (): unknown => new DirectTransport(options);
    expect(make).toThrow(RelayConfigurationError);
    expect(make).toThrow(new RegExp(`${option.replaceAll(/[.[\]]/g, '\\$&')}\\b`));
  });
});

describe('a URL', () => {
  it('makes a transport', () => {
    const url = `direct://?name=${name}&port=2525&connections=3&tls=required&dns.servers=127.0.0.1,[::1]:5353&self=mx.sender.test&idle=5s`;
    expect(String(transportFromUrl(url, 'transport'))).toBe('direct://');
    expect(transportFromUrl(`direct:?name=${name}`, 'transport')).toBeInstanceOf(DirectTransport);
  });

  it.each([
    ['a server', `direct://mx.acme.test?name=${name}`, /nothing but parameters|names no server/],
    ['a misspelt parameter', `direct://?nmae=${name}`, /perhaps name is meant/],
    ['a wrong resolver', `direct://?name=${name}&dns.servers=ns.acme.test`, /dns\.servers\[0\]/],
    ['a name that is none', 'direct://?name=mail', /name: "mail" is not fully qualified/],
  ])('with %s is refused', (_, url, words) => {
    expect(() => transportFromUrl(url, 'transport')).toThrow(words);
  });
});

describe('verify()', () => {
  it('finds its name in the DNS, and its addresses on this machine', async () => {
    const dns = await dnsServer({ [name]: { A: '127.0.0.1' }, 'out1.sender.test': { A: '127.0.1.1' } });
    await directTransport(dns).verify();
    await directTransport(dns, { addresses: [{ address: '127.0.1.1', name: 'out1.sender.test' }] }).verify();
  });

  it('says what is missing', async () => {
    const dns = await dnsServer({ 'broken.test': 'SERVFAIL', 'out1.sender.test': { A: '192.0.2.1' } });
    await expect(directTransport(dns).verify()).rejects.toThrow(/out\.sender\.test.*has no address in the DNS/);
    await expect(directTransport(dns, { name: 'broken.test' }).verify()).rejects.toMatchObject({ code: 'ESERVFAIL' });
    const foreign = directTransport(dns, { addresses: [{ address: '192.0.2.1', name: 'out1.sender.test' }] });
    await expect(foreign.verify()).rejects.toThrow(/192\.0\.2\.1 is no address of this machine/);
  });
});
