import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import { UnsupportedFeatureError } from '../../lib/errors/unsupported-feature.error.js';
import type { SesSmtpTransportOptions } from '../../lib/providers/ses/ses-options.interface.js';
import { SesSmtpTransport } from '../../lib/providers/ses/ses-smtp.transport.js';
import { type FaultScript, FaultySmtpServer } from '../support/smtp/faulty-smtp-server.js';
import { startSmtpServer } from '../support/smtp/start-smtp-server.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';
import { fullMessage } from '../transport/full-message.js';
import { mailFailure } from './ses-fixtures.js';

const auth = { user: 'AKIASMTPUSER', pass: 'BSecretSmtpPassword' };

function transportTo(
  { host, port }: { host: string; port: number },
  options: Partial<SesSmtpTransportOptions> = {},
): SesSmtpTransport {
  const transport = new SesSmtpTransport({ host, port, auth, ...options });
  onTestFinished(() => transport.close());
  return transport;
}

async function faulty(script: FaultScript): Promise<FaultySmtpServer> {
  const server = await FaultySmtpServer.start({ script, extensions: ['AUTH PLAIN LOGIN', '8BITMIME'] });
  onTestFinished(() => server.close());
  return server;
}

describe('a message over SMTP', () => {
  it('has its configuration set and its tags in headers that SES takes out', async () => {
    const server = await startSmtpServer({ auth });
    onTestFinished(() => server.close());
    const message = fullMessage({
      tags: ['welcome', 'spring sale'],
      metadata: { plan: 'pro', campaign: 'x'.repeat(100) },
    });
    const before = Buffer.from(await message.raw());
    await transportTo(server, { configurationSet: 'news' }).send(message, sendContext());
    const mail = await server.next();
    const { headers, attachments, subject } = await mail.parsed();
    expect(headers.get('x-ses-configuration-set')).toBe('news');
    expect(headers.get('x-ses-message-tags')).toBe(
      `relay-id=${message.id}, tag=welcome, tag-2=b64_${Buffer.from('spring sale').toString('base64url')}, plan=pro, campaign=${'x'.repeat(100)}`,
    );
    expect(mail.raw.subarray(-before.length)).toEqual(before);
    expect(Buffer.from(await message.raw())).toEqual(before);
    expect({ subject, files: attachments.length }).toEqual({ subject: 'Grüße', files: 2 });
    expect(mail).toMatchObject({ user: auth.user, envelope: { from: 'bounces@acme.test' } });
  });

  it('has what only SES understands in headers too', async () => {
    const server = await startSmtpServer({ auth });
    onTestFinished(() => server.close());
    const identityArn = 'arn:aws:ses:eu-west-1:123456789012:identity/acme.test';
    const ses = { configurationSet: 'other', tags: { campaign: 'spring' }, identityArn };
    await transportTo(server, { configurationSet: 'news' }).send(fullMessage({ provider: { ses } }), sendContext());
    const { headers } = await (await server.next()).parsed();
    expect(headers.get('x-ses-configuration-set')).toBe('other');
    expect(headers.get('x-ses-message-tags')).toMatch(/, campaign=spring$/);
    expect(headers.get('x-ses-source-arn')).toBe(identityArn);
  });

  it('keeps such a header where it has one of its own', async () => {
    const server = await startSmtpServer({ auth });
    onTestFinished(() => server.close());
    const message = fullMessage({ headers: { 'x-ses-configuration-set': 'mine' } });
    await transportTo(server, { configurationSet: 'news' }).send(message, sendContext());
    expect((await server.next()).raw.toString().match(/^x-ses-configuration-set: .*$/gim)).toEqual([
      'x-ses-configuration-set: mine',
    ]);
  });

  it('that needs what SES does over its API only is refused', async () => {
    const server = await faulty({});
    const message = fullMessage({ provider: { ses: { listManagement: { contactList: 'customers' } } } });
    expect(await mailFailure(transportTo(server).send(message, sendContext()))).toBeInstanceOf(UnsupportedFeatureError);
    expect(server.connections).toBe(0);
  });

  it('has the id that SES gave it', async () => {
    const server = await faulty({ dot: '250 Ok 0102018f2c3d4e5f-12345678-000000' });
    const result = await transportTo(server).send(testMessage(), sendContext());
    expect(result.providerMessageId).toBe('0102018f2c3d4e5f-12345678-000000');
  });
});

describe('an answer of SES over SMTP', () => {
  const account = { scope: 'transport', permanent: false, ambiguous: false };
  const message = { scope: 'message', permanent: true, ambiguous: false };
  it.each<[string, object]>([
    ['454 Throttling failure: Maximum sending rate exceeded', { ...account, reason: 'rate', retryAfter: 2000 }],
    ['454 Throttling failure: Daily message quota exceeded', { ...account, reason: 'quota', retryAfter: 3_600_000 }],
    ['454 Temporary service failure', account],
    ['451 Temporary service failure', { scope: 'message', permanent: false }],
    ['421 Too many concurrent SMTP connections', { ...account, reason: 'rate' }],
    ['554 Message rejected: Some reason', { ...message, reason: 'rejected' }],
    [
      '554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: hello@acme.test',
      { ...message, reason: 'sender' },
    ],
    ['554 Message rejected: Sending suspended for this account.', { ...account, reason: 'account' }],
    [
      "554 Access denied: User `arn:aws:iam::1:user/x' is not authorized to perform `ses:SendRawEmail'",
      { ...account, reason: 'credentials' },
    ],
    ['554 Transaction failed: Configuration set x does not exist', { ...account, reason: 'configuration' }],
    ['554 Transaction failed: Something', message],
    ['552 Message is too long.', { ...message, reason: 'too-large' }],
  ])('%s', async (reply, expected) => {
    const server = await faulty({ dot: reply });
    expect(await mailFailure(transportTo(server).send(testMessage(), sendContext()))).toMatchObject(expected);
  });

  it('to each recipient that it would take too many at once defers them all, and blames none', async () => {
    const server = await faulty({ rcpt: '454 Throttling failure: Maximum sending rate exceeded' });
    expect(
      await mailFailure(transportTo(server).send(testMessage({ to: ['a@x.test', 'b@x.test'] }), sendContext())),
    ).toMatchObject({ ...account, reason: 'rate' });
  });

  it('to wrong credentials is of the transport, and shows none', async () => {
    const server = await faulty({ auth: ({ command }) => `535 Authentication Credentials Invalid ${command}` });
    const transport = transportTo(server);
    const failure = await mailFailure(transport.send(testMessage(), sendContext()));
    expect(failure).toMatchObject({ ...account, reason: 'credentials' });
    for (const shown of [inspect(failure), inspect(transport, { depth: 9, showHidden: true }), String(transport)]) {
      expect(shown).not.toContain(auth.pass);
      expect(shown).not.toContain(Buffer.from(`\0${auth.user}\0${auth.pass}`).toString('base64'));
    }
  });
});

describe('the host over SMTP', () => {
  it.each([
    ['eu-west-1', 'ses+smtp://email-smtp.eu-west-1.amazonaws.com:587'],
    ['cn-north-1', 'ses+smtp://email-smtp.cn-north-1.amazonaws.com.cn:587'],
  ])('of %s', (region, printed) => {
    expect(String(new SesSmtpTransport({ region, auth }))).toBe(printed);
  });

  it('is that of AWS_REGION by default', () => {
    const before = { ...process.env };
    onTestFinished(() => void (process.env = before));
    process.env['AWS_REGION'] = 'ap-south-1';
    expect(String(new SesSmtpTransport({ auth, port: 2587 }))).toBe(
      'ses+smtp://email-smtp.ap-south-1.amazonaws.com:2587',
    );
    delete process.env['AWS_REGION'];
    delete process.env['AWS_DEFAULT_REGION'];
    expect(() => new SesSmtpTransport({ auth })).toThrow(RelayConfigurationError);
  });

  it.each<[string, object]>([
    ['ses.region', { region: 'Ireland', auth }],
    ['ses.configurationSet', { region: 'eu-west-1', configurationSet: 'a b', auth }],
    ['ses.auth', { region: 'eu-west-1' }],
    ['smtp.regoin', { region: 'eu-west-1', auth, regoin: 'x' }],
  ])('needs options that are right: %s', (option, options) => {
    let error: unknown;
    try {
      expect(new SesSmtpTransport(options as SesSmtpTransportOptions)).toBeUndefined();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ option });
  });
});
