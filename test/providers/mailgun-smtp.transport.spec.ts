import { describe, expect, it, onTestFinished } from 'vitest';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import { MAILGUN_SCHEMES } from '../../lib/providers/mailgun/mailgun-schemes.js';
import { MailgunSmtpTransport } from '../../lib/providers/mailgun/mailgun-smtp.transport.js';
import { transportFromUrl } from '../../lib/transport/transport-url.js';
import { FaultySmtpServer } from '../support/smtp/faulty-smtp-server.js';
import { registerSchemes } from '../support/register-schemes.js';
import { startSmtpServer } from '../support/smtp/start-smtp-server.js';
import { sendContext } from '../support/smtp/test-message.js';
import { localhost } from '../support/tls/localhost.js';
import { fullMessage } from '../transport/full-message.js';
import { failureOf, shown } from './http-provider.js';

registerSchemes(MAILGUN_SCHEMES);

const LOGIN = { user: 'postmaster@mg.acme.test', pass: 'hunter2' };

async function mailgun(options: object = {}) {
  const server = await startSmtpServer({ auth: LOGIN });
  const transport = new MailgunSmtpTransport({
    user: 'postmaster',
    pass: LOGIN.pass,
    domain: 'mg.acme.test',
    host: server.host,
    port: server.port,
    tlsOptions: { ca: localhost.cert },
    ...options,
  });
  onTestFinished(async () => {
    await transport.close();
    await server.close();
  });
  return { server, transport };
}

describe('a mail through the SMTP server of Mailgun', () => {
  it('says in headers what the API has fields for', async () => {
    const { server, transport } = await mailgun();
    // No value has a space where a line could be folded.
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`key-${n}`, `value-${n}`]));
    const message = fullMessage({
      tags: ['welcome', 'new'],
      metadata: { plan: 'pro', city: 'Zürich', note: 'a, b and c '.repeat(20), ...many },
      provider: {
        mailgun: { tracking: true, trackingOpens: false, requireTls: true, recipientVariables: { first: 'Ada' } },
      },
    });
    await transport.send(message, sendContext());
    const mail = await server.next();
    const { headers, headerLines, messageId } = await mail.parsed();
    expect(headerLines.filter(({ key }) => key === 'x-mailgun-tag').map(({ line }) => line)).toEqual([
      'X-Mailgun-Tag: welcome',
      'X-Mailgun-Tag: new',
    ]);
    expect(headers.get('x-mailgun-track')).toBe('yes');
    expect(headers.get('x-mailgun-track-opens')).toBe('no');
    expect(headers.get('x-mailgun-require-tls')).toBe('yes');
    expect(JSON.parse(headers.get('x-mailgun-variables') as string)).toEqual(message.metadata);
    expect(JSON.parse(headers.get('x-mailgun-recipient-variables') as string)).toEqual(
      Object.fromEntries(message.envelope.to.map((to) => [to, { first: 'Ada' }])),
    );
    expect(
      mail.raw
        .toString('latin1')
        .split('\r\n')
        .every((line) => line.length <= 998),
    ).toBe(true);
    expect(messageId).toBe(message.messageId);
    expect(mail.user).toBe(LOGIN.user);
  });

  it('has no header of Mailgun’s where it asks for nothing', async () => {
    const { server, transport } = await mailgun({ user: LOGIN.user });
    await transport.send(fullMessage(), sendContext());
    expect((await server.next()).raw.toString()).not.toMatch(/^x-mailgun/im);
  });

  it('waits when Mailgun does not let the domain send', async () => {
    const server = await FaultySmtpServer.start({
      script: { dot: '421 Domain mg.acme.test is not allowed to send: Account disabled' },
    });
    const transport = new MailgunSmtpTransport({
      user: 'u',
      pass: 'hunter2',
      domain: 'mg.acme.test',
      host: server.host,
      port: server.port,
    });
    onTestFinished(async () => {
      await transport.close();
      await server.close();
    });
    server.extensions = ['AUTH PLAIN'];
    server.script.auth = '235 2.7.0 Ok';
    const error = await failureOf(transport.send(fullMessage(), sendContext()));
    expect(error).toMatchObject({ scope: 'transport', permanent: false });
    expect(shown(error, transport)).not.toContain('hunter2');
  });
});

describe('the options', () => {
  const options = { user: 'u', pass: 'p', domain: 'mg.acme.test' };

  it('name Mailgun’s own server by region, and print without the login', () => {
    expect(String(new MailgunSmtpTransport(options))).toBe('mailgun+smtp://smtp.mailgun.org:587');
    expect(String(new MailgunSmtpTransport({ ...options, region: 'eu', tls: 'implicit' }))).toBe(
      'mailgun+smtp://smtp.eu.mailgun.org:465',
    );
  });

  it.each([
    [{ ...options, user: '' }, 'mailgun.user'],
    [{ ...options, domain: 'a/b' }, 'mailgun.domain'],
    [{ ...options, region: 'asia' }, 'mailgun.region'],
    [{ ...options, pass: '' }, 'smtp.auth'],
  ])('%o are refused by name', (given, name) => {
    const create = () => new MailgunSmtpTransport(given as never);
    expect(create).toThrow(RelayConfigurationError);
    expect(create).toThrow(name);
  });

  it('can be said as a URL', async () => {
    const { server } = await mailgun();
    const transport = transportFromUrl(
      `mailgun+smtp://postmaster:hunter2@mg.acme.test:${server.port}?host=${server.host}&tlsOptions.rejectUnauthorized=false`,
      'transport',
    );
    await transport.send(fullMessage(), sendContext());
    expect((await server.next()).user).toBe(LOGIN.user);
    await transport.close!();
    expect(String(transportFromUrl('mailgun+smtp://u%40mg.acme.test:p@mg.acme.test?region=eu', 't'))).toBe(
      'mailgun+smtp://smtp.eu.mailgun.org:587',
    );
    expect(() => transportFromUrl('mailgun+smtp://u@mg.acme.test', 't')).toThrow(/user and a password/);
  });
});
