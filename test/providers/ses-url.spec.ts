import { describe, expect, it, onTestFinished } from 'vitest';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import { SES_SCHEMES } from '../../lib/providers/ses/ses-schemes.js';
import { SesSmtpTransport } from '../../lib/providers/ses/ses-smtp.transport.js';
import { SesTransport } from '../../lib/providers/ses/ses.transport.js';
import { transportFromUrl } from '../../lib/transport/transport-url.js';
import { registerSchemes } from '../support/register-schemes.js';
import { startSmtpServer } from '../support/smtp/start-smtp-server.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';
import { KEY, SECRET, SesServer } from './ses-server.js';

registerSchemes(SES_SCHEMES);

describe('SES by URL', () => {
  it.each([
    ['ses+api://default?region=eu-west-1', SesTransport, 'ses+api://default?region=eu-west-1'],
    ['ses+api://default', SesTransport, 'ses+api://default'],
    [
      'ses+api://KEY:SECRET@default?region=eu-west-1&configurationSet=news&timeout=10s',
      SesTransport,
      'ses+api://default?region=eu-west-1&configurationSet=news',
    ],
    [
      'ses+smtp://USER:PASS@default?region=eu-west-1',
      SesSmtpTransport,
      'ses+smtp://email-smtp.eu-west-1.amazonaws.com:587',
    ],
    [
      'ses+smtp://USER:PASS@default:2465?region=eu-west-1&tls=implicit&connections=2',
      SesSmtpTransport,
      'ses+smtp://email-smtp.eu-west-1.amazonaws.com:2465',
    ],
    ['ses+smtp://USER:PASS@vpce-1.test:2587', SesSmtpTransport, 'ses+smtp://vpce-1.test:2587'],
  ])('%s', (url, type, printed) => {
    const transport = transportFromUrl(url, 'transport');
    expect(transport).toBeInstanceOf(type);
    expect(String(transport)).toBe(printed);
    expect(transport.capabilities).toEqual({ recipients: 50, bytes: 41_943_040 });
  });

  it('has its secrets percent-encoded', async () => {
    const server = await SesServer.start();
    const url = `ses+api://${KEY}:${encodeURIComponent(SECRET)}@default?region=eu-west-1&sessionToken=${encodeURIComponent('a/b+c=')}&baseUrl=${encodeURIComponent(server.url)}`;
    const transport = transportFromUrl(url, 'transport');
    onTestFinished(() => transport.close!());
    await transport.send(testMessage(), sendContext());
    expect(server.requests[0]).toMatchObject({ signed: true, headers: { 'x-amz-security-token': 'a/b+c=' } });
  });

  it('has its secrets percent-encoded for SMTP too', async () => {
    const auth = { user: 'AKIA', pass: 'B+a/s@s=' };
    const server = await startSmtpServer({ auth });
    onTestFinished(() => server.close());
    const url = `ses+smtp://${auth.user}:${encodeURIComponent(auth.pass)}@127.0.0.1:${server.port}?configurationSet=news`;
    const transport = transportFromUrl(url, 'transport');
    onTestFinished(() => transport.close!());
    await transport.send(testMessage(), sendContext());
    expect((await server.next()).user).toBe('AKIA');
  });

  it.each([
    ['ses+api://KEY:S3CRET@default?region=Ireland', /region: "Ireland" is no region/],
    ['ses+api://KEY@default?region=eu-west-1', /credentials: a key needs its secret/],
    ['ses+api://KEY:S3CRET@eu-west-1', /host: must be `default`/],
    ['ses+api://default:443', /host: must be `default`/],
    ['ses+api://default?regoin=eu-west-1', /regoin is unknown, perhaps region is meant/],
    ['ses+api://default?sessionToken=S3CRET', /credentials/],
    ['ses+api://default?configurationSet=a%20b', /configurationSet/],
    ['ses+smtp://default?region=eu-west-1', /auth: SES wants its SMTP credentials/],
    ['ses+smtp://USER@default?region=eu-west-1', /auth: SES wants its SMTP credentials/],
    ['ses+smtp://USER:S3CRET@default?region=west', /region: "west" is no region/],
    ['ses+smtp://USER:S3CRET@default?region=eu-west-1&connections=0', /connections: 0 must be/],
  ])('that is wrong says which part: %s', (url, words) => {
    let error: unknown;
    try {
      expect(transportFromUrl(url, 'transports.ses')).toBeUndefined();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(RelayConfigurationError);
    expect((error as Error).message).toMatch(words);
    expect((error as Error).message).not.toContain('S3CRET');
  });
});
