import { SESv2Client } from '@aws-sdk/client-sesv2';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import { UnsupportedFeatureError } from '../../lib/errors/unsupported-feature.error.js';
import { checkSesSdk } from '../../lib/providers/ses/ses-sdk.js';
import type { SesTransportOptions } from '../../lib/providers/ses/ses-options.interface.js';
import { SesTransport } from '../../lib/providers/ses/ses.transport.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';
import { fullMessage } from '../transport/full-message.js';
import { mailFailure, sesSetup } from './ses-fixtures.js';
import { json, KEY, SECRET, sesError, SesServer } from './ses-server.js';

describe('a message', () => {
  it('goes to SES byte for byte, in one signed request', async () => {
    const { server, transport } = await sesSetup();
    const message = fullMessage();
    const result = await transport.send(message, sendContext());
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/v2/email/outbound-emails', signed: true });
    expect(request!.headers.authorization).toContain(`Credential=${KEY}/`);
    expect(request!.headers.authorization).toContain('/eu-west-1/ses/aws4_request');
    expect(request!.raw).toEqual(Buffer.from(await message.raw()));
    expect(result).toEqual({ providerMessageId: '0102018f-1-000000' });
  });

  it('goes to the recipients of this attempt only, whoever its headers name', async () => {
    const { server, transport } = await sesSetup();
    await transport.send(
      fullMessage({ envelope: { from: 'hello@acme.test', to: ['dee@x.test', 'cy@x.test'] } }),
      sendContext(),
    );
    expect(server.requests[0]!.body.Destination).toEqual({ ToAddresses: ['dee@x.test', 'cy@x.test'] });
  });

  it('keeps its From header, since SES would replace it by a sender given beside it', async () => {
    const { server, transport } = await sesSetup();
    await transport.send(fullMessage(), sendContext());
    expect(server.requests[0]!.body).not.toHaveProperty('FromEmailAddress');
    expect(server.requests[0]!.raw.toString()).toContain('From: Acme <hello@acme.test>\r\n');
  });

  it('has its bounces sent to the return path, where that is another address', async () => {
    const { server, transport } = await sesSetup();
    await transport.send(fullMessage(), sendContext());
    await transport.send(testMessage({ from: 'hello@acme.test' }), sendContext());
    await transport.send(testMessage({ from: '' }), sendContext());
    expect(server.requests.map(({ body }) => body['FeedbackForwardingEmailAddress'])).toEqual([
      'bounces@acme.test',
      undefined,
      undefined,
    ]);
  });

  it('carries its id, tags and metadata as message tags', async () => {
    const { server, transport } = await sesSetup();
    const message = fullMessage({
      tags: ['welcome', 'spring sale', 'welcome'],
      metadata: { plan: 'pro', 'user.mail': 'ada@x.test', tag: 'mine' },
    });
    await transport.send(message, sendContext());
    expect(server.requests[0]!.body.EmailTags).toEqual([
      { Name: 'relay-id', Value: message.id },
      { Name: 'tag', Value: 'welcome' },
      { Name: 'tag-2', Value: `b64_${Buffer.from('spring sale').toString('base64url')}` },
      { Name: 'plan', Value: 'pro' },
      {
        Name: `b64_${Buffer.from('user.mail').toString('base64url')}`,
        Value: `b64_${Buffer.from('ada@x.test').toString('base64url')}`,
      },
      { Name: `b64_${Buffer.from('tag').toString('base64url')}`, Value: 'mine' },
    ]);
  });

  it('with a tag that SES cannot hold is refused before anything is sent', async () => {
    const { server, transport } = await sesSetup();
    const failure = await mailFailure(transport.send(fullMessage({ tags: ['ü'.repeat(95)] }), sendContext()));
    expect(failure).toBeInstanceOf(UnsupportedFeatureError);
    expect(failure).toMatchObject({ feature: 'tags', permanent: true, scope: 'message' });
    expect(server.begun).toBe(0);
  });

  it('larger than SES takes is refused before anything is sent', async () => {
    const { server, transport } = await sesSetup();
    const failure = await mailFailure(
      transport.send(testMessage({ raw: new Uint8Array(40 * 1024 * 1024 + 1) }), sendContext()),
    );
    expect(failure).toMatchObject({ scope: 'message', permanent: true, reason: 'too-large' });
    expect(server.begun).toBe(0);
  });

  it('bounces recipients that SES would refuse it for, and goes to the others', async () => {
    const { server, transport } = await sesSetup();
    const message = testMessage({ to: ['bob@x.test', 'jürgen@x.test'] });
    const result = await transport.send(message, sendContext());
    expect(server.requests[0]!.body.Destination).toEqual({ ToAddresses: ['bob@x.test'] });
    expect(result.recipients).toMatchObject([
      { address: 'bob@x.test', state: 'sent' },
      { address: 'jürgen@x.test', state: 'bounced', error: { scope: 'recipient', reason: 'smtputf8' } },
    ]);
    expect(await transport.send(testMessage({ to: 'jürgen@x.test' }), sendContext())).toMatchObject({
      recipients: [{ state: 'bounced' }],
    });
    expect(server.requests).toHaveLength(1);
  });

  it('from a sender that SES would refuse fails for good', async () => {
    const { transport } = await sesSetup();
    expect(await mailFailure(transport.send(testMessage({ from: 'jürgen@acme.test' }), sendContext()))).toMatchObject({
      scope: 'message',
      permanent: true,
      reason: 'smtputf8',
    });
  });
});

describe('what only SES understands', () => {
  it('is passed on', async () => {
    const { server, transport } = await sesSetup({ configurationSet: 'usual' });
    await transport.send(fullMessage(), sendContext());
    const identityArn = 'arn:aws:ses:eu-west-1:123456789012:identity/acme.test';
    await transport.send(
      fullMessage({
        provider: {
          ses: {
            configurationSet: 'news',
            tags: { campaign: 'spring' },
            identityArn,
            listManagement: { contactList: 'customers', topic: 'news' },
          },
        },
      }),
      sendContext(),
    );
    expect(server.requests[0]!.body).toMatchObject({ ConfigurationSetName: 'usual' });
    expect(server.requests[1]!.body).toMatchObject({
      ConfigurationSetName: 'news',
      FromEmailAddressIdentityArn: identityArn,
      ListManagementOptions: { ContactListName: 'customers', TopicName: 'news' },
    });
    expect(server.requests[1]!.body.EmailTags.at(-1)).toEqual({ Name: 'campaign', Value: 'spring' });
  });

  it.each([
    [{ configSet: 'news' }, /provider\.ses\.configSet: is unknown to ses/],
    [{ configurationSet: 'two words' }, /provider\.ses\.configurationSet/],
    [{ tags: { campaign: 'two words' } }, /provider\.ses\.tags\.campaign/],
    [{ identityArn: 'acme.test' }, /provider\.ses\.identityArn/],
    [{ listManagement: { topic: 'news' } }, /provider\.ses\.listManagement/],
  ])('is checked: %j', async (ses, words) => {
    const { server, transport } = await sesSetup();
    const failure = await mailFailure(transport.send(fullMessage({ provider: { ses } }), sendContext()));
    expect(failure).toMatchObject({ permanent: true, scope: 'message' });
    expect(failure.message).toMatch(words);
    expect(server.begun).toBe(0);
  });

  it('blames the mail for a configuration set that it named and that is not there', async () => {
    const { server, transport } = await sesSetup({ configurationSet: 'usual' });
    server.answer = sesError(404, 'NotFoundException', 'Configuration set <news> does not exist.');
    const named = fullMessage({ provider: { ses: { configurationSet: 'news' } } });
    expect(await mailFailure(transport.send(named, sendContext()))).toMatchObject({
      scope: 'message',
      permanent: true,
    });
    expect(await mailFailure(transport.send(fullMessage(), sendContext()))).toMatchObject({
      scope: 'transport',
      permanent: false,
      reason: 'configuration',
    });
  });
});

describe('the account', () => {
  it('is proved to be able to send, without sending', async () => {
    const { server, transport } = await sesSetup();
    await transport.verify();
    expect(server.requests).toMatchObject([{ method: 'GET', path: '/v2/email/account', signed: true }]);
  });

  it.each([{ SendingEnabled: false }, { SendingEnabled: true, EnforcementStatus: 'SHUTDOWN' }])(
    'that may not send is an error: %j',
    async (account) => {
      const { server, transport } = await sesSetup();
      server.account = account;
      expect(await mailFailure(transport.verify())).toMatchObject({
        scope: 'transport',
        permanent: false,
        reason: 'account',
      });
    },
  );

  it('tells its limits', async () => {
    const { server, transport } = await sesSetup();
    expect(await transport.limits()).toEqual({ rate: '14/s', quota: '50000/day' });
    server.account = { SendQuota: { Max24HourSend: -1, MaxSendRate: 0.5 } };
    expect(await transport.limits()).toEqual({ rate: '0.5/s' });
    server.account = {};
    expect(await transport.limits()).toEqual({});
  });
});

describe('credentials', () => {
  it('may come from a function, and may be temporary', async () => {
    const credentials = async () => ({ accessKeyId: KEY, secretAccessKey: SECRET, sessionToken: 'temporary' });
    const { server, transport } = await sesSetup({ credentials });
    await transport.send(testMessage(), sendContext());
    expect(server.requests[0]).toMatchObject({ signed: true, headers: { 'x-amz-security-token': 'temporary' } });
  });

  it("are those of the SDK's own chain when none are given", async () => {
    const { server, transport } = await sesSetup({ credentials: undefined });
    const before = { ...process.env };
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAENVIRONMENT', AWS_SECRET_ACCESS_KEY: SECRET });
    onTestFinished(() => void (process.env = before));
    await transport.send(testMessage(), sendContext());
    expect(server.requests[0]!.headers.authorization).toContain('Credential=AKIAENVIRONMENT/');
  });
});

describe("a client of the application's own", () => {
  const own = (server: SesServer, maxAttempts: number) =>
    new SESv2Client({
      region: 'eu-west-1',
      endpoint: server.url,
      credentials: { accessKeyId: KEY, secretAccessKey: SECRET },
      maxAttempts,
    });

  it('is used', async () => {
    const server = await SesServer.start();
    const client = own(server, 3);
    onTestFinished(() => client.destroy());
    const transport = new SesTransport({ client });
    const result = await transport.send(testMessage(), sendContext());
    expect(result.providerMessageId).toBe('0102018f-1-000000');
    expect(await transport.limits()).toEqual({ rate: '14/s', quota: '50000/day' });
  });

  it('does not try again by itself, whatever it is set to', async () => {
    const server = await SesServer.start();
    const client = own(server, 3);
    onTestFinished(() => client.destroy());
    const transport = new SesTransport({ client, timeout: '300ms' });
    server.answer = sesError(500, 'InternalServiceErrorException', 'Oops');
    expect(await mailFailure(transport.send(testMessage(), sendContext()))).toMatchObject({ scope: 'transport' });
    server.answer = (response) => response.socket!.resetAndDestroy();
    expect(await mailFailure(transport.send(testMessage(), sendContext()))).toMatchObject({ ambiguous: true });
    server.answer = () => undefined;
    expect(await mailFailure(transport.send(testMessage(), sendContext()))).toMatchObject({ ambiguous: true });
    expect(server.requests).toHaveLength(3);
  });

  it('makes one request for one attempt, even when it insists on another', async () => {
    const server = await SesServer.start();
    let count = 0;
    const token = { getRetryCount: () => count, getRetryDelay: () => 0 };
    const client = new SESv2Client({
      region: 'eu-west-1',
      endpoint: server.url,
      credentials: { accessKeyId: KEY, secretAccessKey: SECRET },
      retryStrategy: {
        mode: 'standard',
        acquireInitialRetryToken: async () => token,
        refreshRetryTokenForRetry: async () => {
          if (++count > 3) throw new Error('Enough');
          return token;
        },
        recordSuccess: () => undefined,
      } as never,
    });
    onTestFinished(() => client.destroy());
    server.answer = sesError(503, 'ServiceUnavailable', 'Later');
    expect(await mailFailure(new SesTransport({ client }).send(testMessage(), sendContext()))).toMatchObject({
      status: 503,
    });
    expect(server.begun).toBe(1);
  });

  it('is not even asked when the attempt is aborted before', async () => {
    const server = await SesServer.start();
    const client = own(server, 1);
    onTestFinished(() => client.destroy());
    const context = sendContext({ signal: AbortSignal.abort() });
    expect(await mailFailure(new SesTransport({ client }).send(testMessage(), context))).toMatchObject({
      ambiguous: false,
      code: 'ABORT_ERR',
    });
    expect(server.begun).toBe(0);
  });

  it('has its answers read up to a limit, and its redirections not followed', async () => {
    const server = await SesServer.start();
    const client = own(server, 1);
    onTestFinished(() => client.destroy());
    const transport = new SesTransport({ client });
    let written = 0;
    server.answer = (response) => {
      const more = (): void => {
        while (!response.destroyed && written < 100e6) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536, ' '))) return void response.once('drain', more);
        }
      };
      more();
    };
    expect(await mailFailure(transport.send(testMessage(), sendContext()))).toMatchObject({
      ambiguous: true,
      code: 'EBADANSWER',
    });
    expect(written).toBeLessThan(50e6);
    server.answer = (response) => void response.writeHead(302, { location: 'http://evil.test/' }).end();
    expect(await mailFailure(transport.send(testMessage(), sendContext()))).toMatchObject({ code: 'EREDIRECT' });
  });

  it('that nobody listens to has sent nothing', async () => {
    const server = await SesServer.start();
    const client = own(server, 1);
    onTestFinished(() => client.destroy());
    const transport = new SesTransport({ client });
    server.close();
    expect(await mailFailure(transport.send(testMessage(), sendContext()))).toMatchObject({
      scope: 'transport',
      ambiguous: false,
      code: 'ECONNREFUSED',
    });
  });
});

describe('closing', () => {
  it('waits for what is in flight; nothing is sent afterwards', async () => {
    const { server, transport } = await sesSetup();
    let answer = (): void => undefined;
    server.answer = (response) => (answer = () => json(response, 200, { MessageId: '0102' }));
    const sending = transport.send(testMessage(), sendContext());
    await server.received(1);
    const closing = transport.close();
    answer();
    expect(await sending).toEqual({ providerMessageId: '0102' });
    await closing;
    expect(await mailFailure(transport.send(testMessage(), sendContext()))).toMatchObject({
      scope: 'transport',
      ambiguous: false,
    });
    expect(server.begun).toBe(1);
  });
});

describe('a wrong option is refused at once', () => {
  const credentials = { accessKeyId: KEY, secretAccessKey: SECRET };
  it.each<[string, object]>([
    ['ses.region', { region: 'Ireland' }],
    ['ses.region', { region: 'eu-west' }],
    ['ses.region', { region: 'eu-west-1.evil.test' }],
    ['ses.region', { region: '' }],
    ['ses.configurationSet', { configurationSet: 'two words' }],
    ['ses.credentials.accessKeyId', { credentials: { ...credentials, accessKeyId: '' } }],
    ['ses.credentials.secretAccessKey', { credentials: { accessKeyId: KEY } }],
    ['ses.credentials.accessKeyId', { credentials: null }],
    ['ses.baseUrl', { baseUrl: 'email.amazonaws.com' }],
    ['ses.baseUrl', { baseUrl: 'http://email.eu-west-1.amazonaws.com' }],
    ['ses.timeout', { timeout: '1 minute' }],
    ['ses.client', { client: {} }],
    ['ses.client', { client: { send: () => undefined }, region: 'eu-west-1' }],
    ['ses.regoin', { regoin: 'eu-west-1' }],
  ])('%s: %j', (option, options) => {
    let error: unknown;
    try {
      expect(new SesTransport(options as SesTransportOptions)).toBeUndefined();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(RelayConfigurationError);
    expect(error).toMatchObject({ option });
    expect(String(error)).not.toContain(SECRET);
  });

  it.each(['eu-west-1', 'us-gov-east-1', 'ap-southeast-2', 'cn-north-1', 'eusc-de-east-1', 'us-isob-east-1'])(
    'but not the region %s',
    (region) => expect(String(new SesTransport({ region }))).toBe(`ses+api://default?region=${region}`),
  );

  it('and so is a missing package, with how to install it', () => {
    expect(() => checkSesSdk('@aws-sdk/client-none')).toThrow(/npm install @aws-sdk\/client-none/);
    expect(() => checkSesSdk()).not.toThrow();
  });
});
