import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import type { GoogleWorkspaceTransportOptions } from '../../lib/providers/google-workspace/google-options.interface.js';
import { googleRefreshToken } from '../../lib/providers/google-workspace/google-refresh-token.js';
import { GOOGLE_SCHEMES } from '../../lib/providers/google-workspace/google-schemes.js';
import { GoogleWorkspaceTransport } from '../../lib/providers/google-workspace/google-workspace.transport.js';
import { transportFromUrl } from '../../lib/transport/transport-url.js';
import { registerSchemes } from '../support/register-schemes.js';
import { type FaultScript, FaultySmtpServer } from '../support/smtp/faulty-smtp-server.js';
import { type RunningSmtpServer, startSmtpServer, type SmtpServerOptions } from '../support/smtp/start-smtp-server.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';
import { localhost } from '../support/tls/localhost.js';
import { fullMessage } from '../transport/full-message.js';
import { mailFailure } from './ses-fixtures.js';
import { json } from './ses-server.js';

registerSchemes(GOOGLE_SCHEMES);

const user = 'mailer@acme.test';
const pass = 'abcd efgh ijkl mnop';

function google(options: GoogleWorkspaceTransportOptions): GoogleWorkspaceTransport {
  const transport = new GoogleWorkspaceTransport(options);
  onTestFinished(() => transport.close());
  return transport;
}

async function smtpServer(options: SmtpServerOptions = {}): Promise<RunningSmtpServer> {
  const server = await startSmtpServer(options);
  onTestFinished(() => server.close());
  return server;
}

async function faulty(script: FaultScript): Promise<FaultySmtpServer> {
  const server = await FaultySmtpServer.start({ script });
  onTestFinished(() => server.close());
  return server;
}

/** A relay that knows us by our address. */
function relay({ host, port }: { host: string; port: number }): GoogleWorkspaceTransport {
  return google({ mode: 'relay', name: 'acme.test', host, port });
}

describe('the relay', () => {
  it('is greeted with a domain of ours, and needs no login where it knows our address', async () => {
    const server = await faulty({});
    await relay(server).send(fullMessage(), sendContext());
    expect(server.commands[0]).toBe('EHLO acme.test');
    expect(server.commands.some((command) => command.startsWith('AUTH'))).toBe(false);
    expect(server.mails[0]!.to).toHaveLength(4);
  });

  it('is logged in to over TLS where it does not', async () => {
    const server = await smtpServer({ auth: { user, pass } });
    const options = {
      host: server.host,
      port: server.port,
      tls: 'required',
      tlsOptions: { ca: localhost.cert },
    } as const;
    await google({ mode: 'relay', name: 'acme.test', auth: { user, pass }, ...options }).send(
      fullMessage(),
      sendContext(),
    );
    expect(await server.next()).toMatchObject({ user, secure: true });
  });
});

describe('an account', () => {
  it('is logged in to with an app password', async () => {
    const server = await smtpServer({ auth: { user, pass } });
    const { host, port } = server;
    await google({ mode: 'account', auth: { user, pass }, host, port }).send(fullMessage(), sendContext());
    expect((await server.next()).user).toBe(user);
  });

  it('is logged in to with a token (XOAUTH2), and with another when that is refused', async () => {
    const server = await smtpServer({ auth: { user, tokens: ['token-2'] } });
    const asked: (string | undefined)[] = [];
    const accessToken = (refused?: string): string => {
      asked.push(refused);
      return `token-${asked.length}`;
    };
    const { host, port } = server;
    await google({ mode: 'account', auth: { user, accessToken }, host, port }).send(fullMessage(), sendContext());
    expect((await server.next()).user).toBe(user);
    expect(server.logins.map(({ method, accessToken: token }) => [method, token])).toEqual([
      ['XOAUTH2', 'token-1'],
      ['XOAUTH2', 'token-2'],
    ]);
    expect(asked).toEqual([undefined, 'token-1']);
  });

  it('is logged in to with a token from Google, or says why there is none', async () => {
    const tokens = createServer((_request, response) =>
      json(response, 200, { access_token: 'token-1', expires_in: 3599 }),
    ).listen(0, '127.0.0.1');
    await once(tokens, 'listening');
    onTestFinished(() => void tokens.close());
    const tokenUrl = `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`;
    const secrets = { clientId: 'client', clientSecret: 'secret', refreshToken: 'refresh' };
    const { host, port, next } = await smtpServer({ auth: { user, tokens: ['token-1'] } });
    const accessToken = googleRefreshToken({ ...secrets, tokenUrl });
    await google({ mode: 'account', auth: { user, accessToken }, host, port }).send(fullMessage(), sendContext());
    expect((await next()).user).toBe(user);

    tokens
      .removeAllListeners('request')
      .on('request', (_request, response) =>
        json(response, 400, { error: 'invalid_grant', error_description: 'Token has been revoked.' }),
      );
    const revoked = googleRefreshToken({ ...secrets, tokenUrl });
    const transport = google({ mode: 'account', auth: { user, accessToken: revoked }, host, port });
    const failure = await mailFailure(transport.send(fullMessage(), sendContext()));
    expect(failure).toMatchObject({ scope: 'transport', permanent: false, reason: 'credentials' });
    expect(failure.message).toContain('invalid_grant: Token has been revoked.');
  });

  it.each([
    ['password', { user, pass: 'wr0ng-S3CRET' }],
    ['token', { user, accessToken: 'wr0ng-S3CRET' }],
  ])('with a wrong %s is an error of the transport that shows no secret', async (_what, auth) => {
    const { host, port } = await smtpServer({ auth: { user, pass, tokens: ['right'] } });
    const transport = google({ mode: 'account', auth, host, port });
    const failure = await mailFailure(transport.send(fullMessage(), sendContext()));
    expect(failure).toMatchObject({ scope: 'transport', permanent: false, reason: 'credentials', replyCode: 535 });
    expect(await mailFailure(transport.verify())).toMatchObject({ reason: 'credentials' });
    const shown =
      [failure, transport].map((one) => inspect(one, { depth: 20, showHidden: true })).join() + failure.stack;
    expect(shown).not.toContain('wr0ng-S3CRET');
    expect(String(transport)).toBe(`google-workspace://${host}:${port}`);
  });
});

describe("a reply of Gmail's", () => {
  const account = { scope: 'transport', permanent: false, ambiguous: false };
  const quota = { ...account, reason: 'quota', retryAfter: 3_600_000 };
  const replies: [string, object][] = [
    [
      '550-5.4.5 Daily user sending limit exceeded. For more information on Gmail\n550-5.4.5 sending limits go to\n550 5.4.5  https://support.google.com/a/answer/166852 abc-20020a - gsmtp',
      quota,
    ],
    ['550 5.4.5 Daily SMTP relay limit exceeded for user. abc - gsmtp', quota],
    ['550 5.4.5 Daily sending quota exceeded. abc - gsmtp', quota],
    ['550 5.4.5 You have reached a limit for sending mail. abc - gsmtp', quota],
    ['550 5.7.1 Daily SMTP relay limit exceeded for customer. abc - gsmtp', quota],
    [
      '450 4.2.1 Peak SMTP relay limit exceeded for customer. abc - gsmtp',
      { ...account, reason: 'quota', retryAfter: 600_000 },
    ],
    [
      '550 5.7.1 Invalid credentials for relay [192.0.2.1]. The IP address you have registered does not match. abc - gsmtp',
      { ...account, reason: 'configuration' },
    ],
    ['550 5.7.0 Mail relay denied [192.0.2.1]. abc - gsmtp', { ...account, reason: 'configuration' }],
    ['421 4.7.0 Try again later, closing connection. abc - gsmtp', account],
  ];

  it.each(replies)('to a recipient is of the account: %s', async (reply, expected) => {
    const server = await faulty({ rcpt: reply });
    const message = testMessage({ to: ['a@x.test', 'b@x.test'] });
    expect(await mailFailure(relay(server).send(message, sendContext()))).toMatchObject(expected);
  });

  it.each(replies)('to the message is of the account: %s', async (reply, expected) => {
    const server = await faulty({ dot: reply });
    expect(await mailFailure(relay(server).send(testMessage(), sendContext()))).toMatchObject(expected);
  });

  it('about too many recipients defers those that were refused', async () => {
    const server = await faulty({
      rcpt: ({ address }) =>
        address === 'a@x.test' ? undefined : '452 4.5.3 Your message has too many recipients. abc - gsmtp',
    });
    const message = testMessage({ to: ['a@x.test', 'b@x.test', 'c@x.test'] });
    expect((await relay(server).send(message, sendContext())).recipients).toMatchObject([
      { address: 'a@x.test', state: 'sent' },
      { address: 'b@x.test', state: 'deferred', error: { scope: 'recipient', reason: 'too-many-recipients' } },
      { address: 'c@x.test', state: 'deferred' },
    ]);
    expect(server.mails[0]!.to).toEqual(['a@x.test']);
  });

  it('about a quota that is used up in the middle defers the rest', async () => {
    const server = await faulty({
      rcpt: ({ address }) => (address === 'a@x.test' ? undefined : '550 5.4.5 Daily user sending limit exceeded.'),
    });
    const message = testMessage({ to: ['a@x.test', 'b@x.test'] });
    expect((await relay(server).send(message, sendContext())).recipients).toMatchObject([
      { address: 'a@x.test', state: 'sent' },
      { address: 'b@x.test', state: 'deferred', error: quota },
    ]);
  });

  it('about a recipient who does not exist still bounces that one', async () => {
    const server = await faulty({
      rcpt: ({ address }) =>
        address === 'a@x.test' ? undefined : '550 5.1.1 The email account that you tried to reach does not exist.',
    });
    const message = testMessage({ to: ['a@x.test', 'b@x.test'] });
    expect((await relay(server).send(message, sendContext())).recipients).toMatchObject([
      { state: 'sent' },
      { state: 'bounced', error: { scope: 'recipient', permanent: true } },
    ]);
  });

  it.each([
    ['550 5.7.1 Our system has detected that this message is likely unsolicited mail.', 'message'],
    ['552 5.7.0 This message was blocked because its content presents a potential security issue.', 'message'],
  ])('about the message itself bounces it: %s', async (reply, scope) => {
    const server = await faulty({ dot: reply });
    expect(await mailFailure(relay(server).send(testMessage(), sendContext()))).toMatchObject({
      scope,
      permanent: true,
    });
  });

  it('about the sender, given to a recipient, is not of the recipient', async () => {
    const server = await faulty({ rcpt: '550 5.7.0 Mail Sending denied. abc - gsmtp' });
    const { recipients } = await relay(server).send(testMessage(), sendContext());
    expect(recipients).toMatchObject([{ state: 'bounced', error: { scope: 'message', reason: 'sender' } }]);
  });

  it.each(['450 4.2.1 The user is receiving mail too quickly.', '451 4.3.0 Mail server temporarily rejected message.'])(
    'for now defers: %s',
    async (reply) => {
      const server = await faulty({ rcpt: reply });
      expect((await relay(server).send(testMessage(), sendContext())).recipients).toMatchObject([
        { state: 'deferred', error: { scope: 'recipient', permanent: false } },
      ]);
    },
  );

  it('about too many logins asks for a pause', async () => {
    const server = await faulty({ auth: '454 4.7.0 Too many login attempts, please try again later.' });
    server.extensions = ['AUTH PLAIN'];
    const { host, port } = server;
    const transport = google({ mode: 'account', auth: { user, pass }, host, port });
    expect(await mailFailure(transport.send(testMessage(), sendContext()))).toMatchObject({
      ...account,
      reason: 'rate',
      retryAfter: 600_000,
    });
  });
});

describe('Google Workspace by URL', () => {
  it.each([
    ['google-workspace://relay?name=acme.test', 'google-workspace://smtp-relay.gmail.com:587'],
    ['google-workspace://relay:465?name=acme.test&tls=implicit', 'google-workspace://smtp-relay.gmail.com:465'],
    ['google-workspace://user%40acme.test:APPPASSWORD@account', 'google-workspace://smtp.gmail.com:587'],
    ['google-workspace://user@acme.test:APPPASSWORD@account?connections=2', 'google-workspace://smtp.gmail.com:587'],
  ])('%s', (url, printed) => {
    const transport = transportFromUrl(url, 'transport');
    expect(transport).toBeInstanceOf(GoogleWorkspaceTransport);
    expect(String(transport)).toBe(printed);
    expect(transport.capabilities).toEqual({ recipients: 100, bytes: 26_214_400, tags: false, metadata: false });
  });

  it('logs in with what it says, once percent-decoded', async () => {
    const server = await smtpServer({ auth: { user, pass } });
    const url = `google-workspace://${encodeURIComponent(user)}:${encodeURIComponent(pass)}@relay:${server.port}?name=acme.test&host=${server.host}`;
    const transport = transportFromUrl(url, 'transport');
    onTestFinished(() => transport.close!());
    await transport.send(testMessage(), sendContext());
    expect((await server.next()).user).toBe(user);
  });

  it.each([
    ['google-workspace://smtp.gmail.com', /host: must be `relay` or `account`/],
    ['google-workspace://relay', /name: undefined is no domain/],
    ['google-workspace://relay?name=localhost', /name: "localhost" is no domain/],
    ['google-workspace://account', /auth: is missing/],
    ['google-workspace://user%40acme.test@account', /auth: a login is/],
    ['google-workspace://user%40acme.test:S3CRET@account?nmae=x', /nmae is unknown, perhaps name is meant/],
    ['google-workspace://user%40acme.test:S3CRET@account?connections=0', /connections: 0 must be/],
  ])('that is wrong says which part: %s', (url, words) => {
    let error: unknown;
    try {
      expect(transportFromUrl(url, 'transports.google')).toBeUndefined();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(RelayConfigurationError);
    expect((error as Error).message).toMatch(words);
    expect((error as Error).message).not.toContain('S3CRET');
  });

  it('needs a mode when it is made by hand', () => {
    expect(() => new GoogleWorkspaceTransport({ name: 'acme.test' } as never)).toThrow(/mode: undefined must be/);
  });
});
