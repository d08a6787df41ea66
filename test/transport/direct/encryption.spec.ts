import { describe, expect, it } from 'vitest';
import { faultyServer, smtpServer } from '../../support/smtp/smtp-fixtures.js';
import { acme } from '../../support/tls/acme.js';
import { directTransport, dnsServer, send } from './support.js';

const zone = { 'acme.test': { MX: '10 mx.acme.test' }, 'mx.acme.test': { A: '127.0.0.2' } };

describe('encryption', () => {
  it('is used where there is any, whatever the certificate', async () => {
    const server = await smtpServer({ host: '127.0.0.2' });
    await send(directTransport(await dnsServer(zone), { port: server.port }), 'a@acme.test');
    expect(server.mails[0]!.secure).toBe(true);
  });

  it.each([
    ['is not offered', ['PIPELINING']],
    ['is offered and does not work', ['STARTTLS', 'PIPELINING']],
  ])('is done without where it %s', async (_, extensions) => {
    const server = await faultyServer({
      host: '127.0.0.2',
      extensions,
      script: { starttls: '454 4.7.0 TLS not available' },
    });
    const { recipients } = await send(directTransport(await dnsServer(zone), { port: server.port }), 'a@acme.test');
    expect(recipients[0]!.state).toBe('sent');
  });

  it('is done without where the handshake breaks', async () => {
    const server = await faultyServer({
      host: '127.0.0.2',
      extensions: ['STARTTLS'],
      script: { starttls: { say: '220 Go ahead', thenClose: true } },
    });
    const { recipients } = await send(directTransport(await dnsServer(zone), { port: server.port }), 'a@acme.test');
    expect(recipients[0]!.state).toBe('sent');
    expect(server.connections).toBe(2);
  });

  it('is never done without where it is required, for all or for a domain', async () => {
    const server = await faultyServer({ host: '127.0.0.2' });
    const dns = await dnsServer({ ...zone, 'other.test': { MX: '10 mx.acme.test' } });
    const required = directTransport(dns, { port: server.port, tls: 'required' });
    expect((await send(required, 'a@acme.test')).recipients).toMatchObject([
      { state: 'deferred', error: { code: 'ETLS' } },
    ]);
    const one = directTransport(dns, { port: server.port, perDomain: { 'acme.test': { tls: 'required' } } });
    expect((await send(one, ['a@acme.test', 'b@other.test'])).recipients).toMatchObject([
      { state: 'deferred' },
      { state: 'sent' },
    ]);
  });

  it('is of an unknown authority where it is only required, and of a known one where it is verified', async () => {
    const own = await smtpServer({ host: '127.0.0.2', certificate: acme });
    const dns = await dnsServer(zone);
    const stateWith = async (options: object): Promise<string> =>
      (await send(directTransport(dns, { port: own.port, ...options }), 'a@acme.test')).recipients[0]!.state;
    expect(await stateWith({ tls: 'required' })).toBe('sent');
    expect(await stateWith({ tls: 'verified' })).toBe('deferred');
    expect(await stateWith({ tls: 'verified', tlsOptions: { ca: acme.authority } })).toBe('sent');
    expect(own.mails.every(({ secure }) => secure)).toBe(true);
    expect(await stateWith({ tls: 'never' })).toBe('sent');
    expect(own.mails.at(-1)!.secure).toBe(false);
  });
});
