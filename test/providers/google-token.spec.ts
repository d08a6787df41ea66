import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import { googleRefreshToken } from '../../lib/providers/google-workspace/google-refresh-token.js';
import { googleServiceAccountToken } from '../../lib/providers/google-workspace/google-service-account-token.js';
import { json } from './ses-server.js';
import { mailFailure } from './ses-fixtures.js';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = {
  client_email: 'mailer@project.iam.gserviceaccount.test',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  private_key_id: 'key-1',
};
const user = { clientId: 'client.apps.test', clientSecret: 'GOCSPX-S3CRET/x', refreshToken: '1//R3FRESH-TOKEN' };

/** Google's token endpoint: https://developers.google.com/identity/protocols/oauth2/service-account#httprest */
async function tokenServer() {
  const server = {
    url: '',
    forms: [] as URLSearchParams[],
    seconds: 3599,
    answer: (response: ServerResponse): void =>
      json(response, 200, {
        access_token: `token-${server.forms.length}`,
        expires_in: server.seconds,
        token_type: 'Bearer',
      }),
  };
  const http = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    server.forms.push(new URLSearchParams(Buffer.concat(chunks).toString()));
    if (request.method === 'POST' && request.url === '/token') server.answer(response);
    else response.writeHead(404).end();
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  server.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/token`;
  return server;
}

describe('a token of a service account', () => {
  it('is asked for with a signed assertion for the user', async () => {
    const server = await tokenServer();
    const before = Date.now() / 1000;
    const token = googleServiceAccountToken({ key, subject: 'mailer@acme.test', tokenUrl: server.url });
    expect(await token()).toBe('token-1');
    const [form] = server.forms;
    expect(form!.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const [header, claims, signature] = form!.get('assertion')!.split('.') as [string, string, string];
    const parsed = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
    expect(parsed(header)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-1' });
    const { iat, exp, ...rest } = parsed(claims);
    expect(rest).toEqual({
      iss: key.client_email,
      sub: 'mailer@acme.test',
      scope: 'https://mail.google.com/',
      aud: server.url,
    });
    expect(Number(exp) - Number(iat)).toBe(3600);
    expect(Number(iat)).toBeLessThan(before);
    const signed = Buffer.from(`${header}.${claims}`);
    expect(
      verify(
        'RSA-SHA256',
        signed,
        createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
        Buffer.from(signature, 'base64url'),
      ),
    ).toBe(true);
  });

  it.each<[string, object]>([
    ['google-workspace.key', { key: {}, subject: 'mailer@acme.test' }],
    ['google-workspace.key', { subject: 'mailer@acme.test' }],
    ['google-workspace.subject', { key, subject: 'mailer' }],
    [
      'google-workspace.key.private_key',
      { key: { ...key, private_key: key.private_key.replaceAll('\n', '') }, subject: 'mailer@acme.test' },
    ],
    [
      'google-workspace.key.private_key',
      {
        key: {
          ...key,
          private_key: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
        },
        subject: 'mailer@acme.test',
      },
    ],
    ['google-workspace.tokenUrl', { key, subject: 'mailer@acme.test', tokenUrl: 'http://oauth2.acme.test/token' }],
    ['google-workspace.timeout', { key, subject: 'mailer@acme.test', timeout: 'soon' }],
  ])('needs options that are right: %s', (option, options) => {
    const error = thrownBy(() => googleServiceAccountToken(options as never));
    expect(error).toBeInstanceOf(RelayConfigurationError);
    expect(error).toMatchObject({ option });
    expect(inspect(error, { depth: 9 })).not.toContain(key.private_key.slice(40, 80));
  });
});

describe('a token by a refresh token', () => {
  it('is asked for with the secret of the client', async () => {
    const server = await tokenServer();
    expect(await googleRefreshToken({ ...user, tokenUrl: server.url })()).toBe('token-1');
    expect(Object.fromEntries(server.forms[0]!)).toEqual({
      grant_type: 'refresh_token',
      client_id: user.clientId,
      client_secret: user.clientSecret,
      refresh_token: user.refreshToken,
    });
  });

  it.each(['clientId', 'clientSecret', 'refreshToken'] as const)('needs a %s', (option) => {
    expect(thrownBy(() => googleRefreshToken({ ...user, [option]: '' }))).toMatchObject({
      option: `google-workspace.${option}`,
    });
  });
});

describe('a token', () => {
  it('is kept until shortly before it expires', async () => {
    const server = await tokenServer();
    const token = googleRefreshToken({ ...user, tokenUrl: server.url });
    expect(await token()).toBe('token-1');
    expect(await token()).toBe('token-1');
    server.seconds = 0;
    const other = googleRefreshToken({ ...user, tokenUrl: server.url });
    expect(await other()).toBe('token-2');
    expect(await other()).toBe('token-3');
  });

  it('is asked for once by all who need it', async () => {
    const server = await tokenServer();
    const token = googleRefreshToken({ ...user, tokenUrl: server.url });
    expect(new Set(await Promise.all([token(), token(), token()]))).toEqual(new Set(['token-1']));
    expect(server.forms).toHaveLength(1);
  });

  it('that was refused is replaced, once for all who were refused', async () => {
    const server = await tokenServer();
    const token = googleRefreshToken({ ...user, tokenUrl: server.url });
    const first = await token();
    expect(await Promise.all([token(first), token(first)])).toEqual(['token-2', 'token-2']);
    expect(await token(first)).toBe('token-2');
    expect(await token()).toBe('token-2');
  });

  it('is asked for again after a failure', async () => {
    const server = await tokenServer();
    const { answer } = server;
    const token = googleRefreshToken({ ...user, tokenUrl: server.url });
    server.answer = (response) => json(response, 503, { error: 'backend_error' });
    expect(await mailFailure(token())).toMatchObject({ scope: 'transport', permanent: false });
    server.answer = answer;
    expect(await token()).toBe('token-2');
  });
});

describe('no token', () => {
  const account = { scope: 'transport', permanent: false, ambiguous: false };
  it.each<[string, (response: ServerResponse) => void, object]>([
    [
      'a grant that was taken back',
      (r) => json(r, 400, { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' }),
      { reason: 'credentials', code: 'invalid_grant' },
    ],
    ['a wrong client', (r) => json(r, 401, { error: 'invalid_client' }), { reason: 'credentials' }],
    ['a scope that is not delegated', (r) => json(r, 401, { error: 'unauthorized_client' }), { reason: 'credentials' }],
    ['too many requests', (r) => json(r, 429, { error: 'rate' }, { 'retry-after': '60' }), { retryAfter: 60_000 }],
    ['an outage', (r) => json(r, 500, { error: 'internal_failure' }), { status: 500 }],
    ['a page', (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<html>'), { code: 'EBADANSWER' }],
    ['half an answer', (r) => r.writeHead(200).end('{"access_token":"to'), { code: 'EBADANSWER' }],
    ['an answer without a token', (r) => json(r, 200, { token_type: 'Bearer' }), { code: 'EBADANSWER' }],
    ['a redirection', (r) => r.writeHead(302, { location: 'http://evil.test/' }).end(), { code: 'EREDIRECT' }],
    ['a lost connection', (r) => r.socket!.resetAndDestroy(), {}],
    ['no answer', () => undefined, { code: 'ETIMEDOUT' }],
    ['too much of an answer', (r) => r.end(Buffer.alloc(3e6, 'x')), { code: 'EBADANSWER' }],
  ])('because of %s is an error of the transport', async (_why, answer, expected) => {
    const server = await tokenServer();
    server.answer = answer;
    const token = googleRefreshToken({ ...user, tokenUrl: server.url, timeout: '300ms' });
    const failure = await mailFailure(token());
    expect(failure).toMatchObject({ ...account, ...expected });
  });

  it('shows no secret, even when the server repeats the request', async () => {
    const server = await tokenServer();
    server.answer = (response) =>
      json(response, 400, {
        error: 'invalid_request',
        error_description: `What is ${server.forms.at(-1)!.toString()} ${[...server.forms.at(-1)!.values()].join(' ')}?`,
      });
    const failures = [
      await mailFailure(googleRefreshToken({ ...user, tokenUrl: server.url })()),
      await mailFailure(googleServiceAccountToken({ key, subject: 'mailer@acme.test', tokenUrl: server.url })()),
    ];
    const secrets = [user.clientSecret, user.refreshToken, server.forms[1]!.get('assertion')!];
    for (const failure of failures) {
      expect(failure.message).toContain('What is');
      for (const secret of secrets.flatMap((one) => [one, encodeURIComponent(one)]))
        expect(inspect(failure, { depth: 9, showHidden: true }) + failure.stack).not.toContain(secret);
    }
  });
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown');
}
