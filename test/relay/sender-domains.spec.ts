import { type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  DirectTransport,
  getSenderDomainsToken,
  MailTransport,
  PostmarkTransport,
  RelayModule,
  type RelayOptions,
  SenderDomains,
  type SenderIdentity,
  SesSmtpTransport,
  SmtpTransport,
} from '../../lib/index.js';
import { ADDRESS, POLICY, rsa, wellKept } from '../sender-domain/well-kept-domain.js';
import { startDnsServer } from '../support/dns-server.js';

const server = await startDnsServer();
afterAll(() => server.close());
beforeEach(() => void (server.zone = wellKept()));

const running: INestApplicationContext[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

async function start(options: RelayOptions, name?: string) {
  const senderDomains = {
    dns: { servers: [server.address] },
    fetchPolicy: async () => POLICY,
    ...options.senderDomains,
  };
  const relay = RelayModule.forRoot({
    from: 'Acme <hello@acme.test>',
    queue: { embedded: true },
    ...options,
    senderDomains,
    ...(name && { name }),
  });
  @Module({ imports: [relay] })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  running.push(app);
  return app;
}

const smtp = { host: 'smtp.acme.test', dkim: rsa };
const subjects = (checks: readonly { name: string; subject: string }[], name: string) =>
  checks.filter((check) => check.name === name).map(({ subject }) => subject);

describe('the SenderDomains of a relay', () => {
  it('knows the transports, their keys, the sender and the return path', async () => {
    const app = await start({
      transports: {
        main: new SmtpTransport(smtp),
        postmark: new PostmarkTransport({ token: 'x'.repeat(20) }),
        kept: 'memory:',
      },
      bounces: { address: 'bounces@mail.acme.test', secret: 'x'.repeat(20) },
      senderDomains: {
        transports: {
          main: { addresses: [ADDRESS], helo: 'mx.acme.test' },
          postmark: { selectors: ['20260301pm'], returnPath: 'pm-bounces.acme.test' },
        },
      },
    });
    const { domain, checks } = await app.get(SenderDomains).check();
    expect(domain).toBe('acme.test');
    expect(subjects(checks, 'alignment')).toEqual(['the transport main', 'Postmark (the transport postmark)']);
    expect(subjects(checks, 'dkim')).toEqual(['relay202611a._domainkey.acme.test', '20260301pm._domainkey.acme.test']);
    expect(subjects(checks, 'spf')).toEqual(['acme.test', 'mail.acme.test', 'pm-bounces.acme.test']);
    expect(subjects(checks, 'ptr')).toEqual([ADDRESS]);
    const key = checks.find(({ name }) => name === 'dkim')!;
    expect(key).toMatchObject({
      status: 'pass',
      summary: 'a key of RSA, 2048 bits, the one that the relay signs with',
    });
  });

  it('sees a key in the DNS that is not the one it signs with', async () => {
    server.zone = wellKept({ 'relay202611a._domainkey.acme.test': { TXT: 'v=DKIM1; p=' } });
    const app = await start({ transport: new SmtpTransport(smtp) });
    const { status, checks } = await app.get(SenderDomains).check();
    expect(status).toBe('fail');
    expect(checks.find(({ name }) => name === 'dkim')).toMatchObject({ status: 'fail', record: rsa.record });
  });

  it('takes from a transport of the application, made by Nest, what it says of itself', async () => {
    @Injectable()
    class AcmeTransport extends MailTransport {
      async send() {}
      override identity(): SenderIdentity {
        return {
          hosts: [{ address: ADDRESS, name: 'mx.acme.test' }],
          dkim: [{ domain: 'acme.test', selector: 'relay202611a' }],
        };
      }
    }
    const app = await start({ transport: AcmeTransport });
    const { status, checks } = await app.get(SenderDomains).check();
    expect(status).toBe('pass');
    expect(subjects(checks, 'ptr')).toEqual([ADDRESS]);
  });

  it('is told whose server a transport of SMTP is, and the region of SES', async () => {
    const app = await start({
      transports: {
        relay: new SmtpTransport({ host: 'smtp.acme.test' }),
        ses: new SesSmtpTransport({ region: 'eu-west-1', auth: { user: 'a', pass: 'b' } }),
      },
      senderDomains: {
        transports: {
          relay: { provider: 'mailgun', domain: 'mg.acme.test' },
          ses: { returnPath: 'bounces.acme.test' },
        },
      },
    });
    const { checks } = await app.get(SenderDomains).check();
    expect(subjects(checks, 'alignment')).toEqual(['Mailgun (the transport relay)', 'Amazon SES (the transport ses)']);
    expect(checks.find(({ name, subject }) => name === 'mx' && subject === 'bounces.acme.test')!.record).toMatchObject({
      value: '10 feedback-smtp.eu-west-1.amazonses.com.',
    });
  });

  it('knows what DirectTransport signs with, and where it sends from', async () => {
    const direct = new DirectTransport({ name: 'mx.acme.test', dkim: rsa });
    const app = await start({ transport: direct });
    const { status, checks } = await app.get(SenderDomains).check();
    expect(checks.filter((check) => check.status !== 'pass')).toEqual([]);
    expect(status).toBe('pass');
    expect(checks.find(({ name }) => name === 'ptr')).toMatchObject({
      subject: 'mx.acme.test',
      summary: `${ADDRESS} is called mx.acme.test, and the other way round`,
    });
    expect(checks.find(({ name }) => name === 'spf')!.details).toContain(
      `${ADDRESS} is let through by acme.test: ip4:${ADDRESS}`,
    );
  });

  it('belongs to its relay', async () => {
    const app = await start({ transport: new SmtpTransport(smtp) }, 'marketing');
    expect(() => app.get(SenderDomains)).toThrow();
    expect(await app.get<SenderDomains>(getSenderDomainsToken('marketing')).check()).toMatchObject({
      domain: 'acme.test',
    });
  });

  it.each([
    [{ selector: ['x'] }, 'senderDomains.selector'],
    [{ transports: { default: { provider: 'nobody' } } }, 'senderDomains.transports.default.provider'],
    [{ dns: { servers: [] } }, 'senderDomains.dns.servers'],
  ])('finds what is wrong in %j at start', async (senderDomains, option) => {
    const started = start({ transport: 'memory:', senderDomains: senderDomains as never });
    await expect(started).rejects.toThrow(expect.objectContaining({ name: 'RelayConfigurationError', option }));
  });

  it('names all that is known in place of an option that is not', async () => {
    const started = start({ transport: 'memory:', senderDomains: { transport: {} } as never });
    await expect(started).rejects.toThrow(
      /senderDomains\.transport: is no option; known are transports, dns, resolver, /,
    );
  });
});
