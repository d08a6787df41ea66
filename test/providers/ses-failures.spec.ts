import { format, inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { MailError } from '../../lib/errors/mail.error.js';
import { SesTransport } from '../../lib/providers/ses/ses.transport.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';
import { mailFailure, sesSetup } from './ses-fixtures.js';
import { json, KEY, SECRET, sesError, type SesAnswer } from './ses-server.js';

const MINUTE = 60_000;
const account = { scope: 'transport', permanent: false, ambiguous: false };
const message = { scope: 'message', permanent: true, ambiguous: false };

async function failureOf(answer: SesAnswer): Promise<MailError> {
  const { server, transport } = await sesSetup();
  server.answer = answer;
  const failure = await mailFailure(transport.send(testMessage(), sendContext()));
  expect(server.requests).toHaveLength(1);
  return failure;
}

describe('an error of SES', () => {
  it.each<[number, string, string, object]>([
    [429, 'TooManyRequestsException', 'Too many requests', { ...account, reason: 'rate', retryAfter: 2000 }],
    [
      429,
      'TooManyRequestsException',
      'Daily message quota exceeded.',
      { ...account, reason: 'quota', retryAfter: 60 * MINUTE },
    ],
    [400, 'ThrottlingException', 'Maximum sending rate exceeded.', { ...account, reason: 'rate', retryAfter: 2000 }],
    [
      400,
      'ThrottlingException',
      'Daily message quota exceeded.',
      { ...account, reason: 'quota', retryAfter: 60 * MINUTE },
    ],
    [400, 'LimitExceededException', 'Sending quota exceeded', { ...account, reason: 'quota' }],
    [400, 'MessageRejected', 'Some reason', { ...message, reason: 'rejected' }],
    [
      400,
      'MessageRejected',
      'Email address is not verified. The following identities failed the check in region EU-WEST-1: hello@acme.test',
      { ...message, reason: 'sender' },
    ],
    [400, 'BadRequestException', 'Some reason', message],
    [400, 'BadRequestException', 'Message length is too long', { ...message, reason: 'too-large' }],
    [
      400,
      'BadRequestException',
      "Missing final '@domain'",
      { scope: 'recipient', permanent: true, reason: 'bad-address' },
    ],
    [400, 'AccountSuspendedException', 'Suspended', { ...account, reason: 'account' }],
    [400, 'SendingPausedException', 'Paused', { ...account, reason: 'account' }],
    [400, 'MailFromDomainNotVerifiedException', 'acme.test', { ...account, reason: 'configuration' }],
    [404, 'NotFoundException', 'Configuration set <x> does not exist.', { ...account, reason: 'configuration' }],
    [
      403,
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
      { ...account, reason: 'credentials' },
    ],
    [403, 'InvalidClientTokenId', 'No such key', { ...account, reason: 'credentials' }],
    [403, 'InvalidSignatureException', 'Does not match', { ...account, reason: 'credentials' }],
    [403, 'AccessDeniedException', 'Not authorized', { ...account, reason: 'credentials' }],
    [400, 'ExpiredTokenException', 'The security token has expired', { ...account, reason: 'credentials' }],
    [403, 'ExpiredTokenException', 'The security token has expired', { ...account, reason: 'credentials' }],
    [403, 'MissingAuthenticationTokenException', 'Missing', { ...account, reason: 'credentials' }],
    [500, 'InternalServiceErrorException', 'Oops', account],
    [503, 'ServiceUnavailable', 'Later', account],
    [408, 'RequestTimeoutException', 'Too slow', account],
    [400, 'SomethingNewException', 'Who knows', message],
    [418, 'SomethingNewException', 'Who knows', message],
    [502, 'SomethingNewException', 'Who knows', account],
  ])('%i %s: %s', async (status, type, words, expected) => {
    const failure = await failureOf(sesError(status, type, words));
    expect(failure).toMatchObject({ ...expected, code: type, status });
    expect(failure.message).toContain(`${type}: ${words}`);
  });

  it.each<[string, SesAnswer]>([
    ['in the body', (response) => json(response, 400, { __type: 'MessageRejected', message: 'No' })],
    [
      'with its namespace',
      (response) => json(response, 400, { __type: 'com.amazonaws.sesv2#MessageRejected', Message: 'No' }),
    ],
    [
      'with its address',
      (response) =>
        json(response, 400, { message: 'No' }, { 'x-amzn-errortype': 'MessageRejected:http://internal.amazon.com/x/' }),
    ],
    ['as a code', (response) => json(response, 400, { code: 'MessageRejected', message: 'No' })],
  ])('may have its type %s', async (_where, answer) => {
    expect(await failureOf(answer)).toMatchObject({ ...message, code: 'MessageRejected' });
  });

  it('may say how long to wait', async () => {
    expect(
      await failureOf(sesError(429, 'TooManyRequestsException', 'Slow down', { 'retry-after': '30' })),
    ).toMatchObject({ reason: 'rate', retryAfter: 30_000 });
  });
});

describe('what is no answer of SES', () => {
  const page = '<!doctype html><title>Gateway</title>';
  it.each<[string, SesAnswer, object]>([
    ['a page, with 200', (r) => r.writeHead(200, { 'content-type': 'text/html' }).end(page), { ambiguous: true }],
    ['a page, with 400', (r) => r.writeHead(400, { 'content-type': 'text/html' }).end(page), { ambiguous: false }],
    ['a page, with 502', (r) => r.writeHead(502, { 'content-type': 'text/html' }).end(page), { ambiguous: false }],
    ['a page, with 504', (r) => r.writeHead(504, { 'content-type': 'text/html' }).end(page), { ambiguous: true }],
    ['nothing, with 200', (r) => r.writeHead(200).end(), { ambiguous: true }],
    ['half a JSON, with 200', (r) => r.writeHead(200).end('{"MessageId":"01'), { ambiguous: true }],
    [
      'an answer cut off, with 200',
      (r) => {
        r.writeHead(200, { 'content-length': 100 });
        r.write('{"MessageId":"0102');
        setImmediate(() => r.destroy());
      },
      { ambiguous: true },
    ],
    ['JSON without an id, with 200', (r) => json(r, 200, { message: 'Internal error' }), { ambiguous: true }],
    ['an error, with 200', (r) => json(r, 200, { __type: 'MessageRejected', message: 'No' }), { ambiguous: true }],
    [
      'a page that says it is an error, with 200',
      (r) => r.writeHead(200, { 'x-amzn-errortype': 'MessageRejected' }).end(page),
      { ambiguous: true },
    ],
    ['an id that is no text', (r) => json(r, 200, { MessageId: 5 }), { ambiguous: true }],
    ['JSON of somebody else, with 400', (r) => json(r, 400, { error: 'Blocked by policy' }), { ambiguous: false }],
  ])('%s', async (_name, answer, expected) => {
    const failure = await failureOf(answer);
    expect(failure).toMatchObject({ scope: 'transport', permanent: false, ...expected });
    expect(failure.message).not.toContain('<title>');
  });

  it('is read up to a limit', async () => {
    let written = 0;
    const failure = await failureOf((response) => {
      const more = (): void => {
        while (!response.destroyed && written < 100e6) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536, 'x'))) return void response.once('drain', more);
        }
      };
      more();
    });
    expect(failure).toMatchObject({ scope: 'transport', ambiguous: true });
    expect(written).toBeLessThan(50e6);
  });

  it('is a redirection, which is not followed', async () => {
    const { server: other } = await sesSetup();
    const failure = await failureOf((r) =>
      r.writeHead(307, { location: `${other.url}/v2/email/outbound-emails` }).end(),
    );
    expect(failure).toMatchObject({ ...account, code: 'EREDIRECT' });
    expect(other.begun).toBe(0);
  });

  it('but JSON under another name is', async () => {
    const { server, transport } = await sesSetup();
    server.answer = (r) => r.writeHead(200, { 'content-type': 'text/plain' }).end('{"MessageId":"0102"}');
    expect(await transport.send(testMessage(), sendContext())).toEqual({ providerMessageId: '0102' });
  });
});

describe('a connection', () => {
  it('that nobody takes has sent nothing', async () => {
    const { server, transport } = await sesSetup();
    server.close();
    expect(await mailFailure(transport.send(testMessage(), sendContext()))).toMatchObject({
      ...account,
      code: 'ECONNREFUSED',
    });
  });

  it('that breaks after the request leaves it open whether the mail was taken', async () => {
    expect(await failureOf((response) => response.socket!.resetAndDestroy())).toMatchObject({
      ...account,
      ambiguous: true,
    });
  });

  it('that breaks within the request has sent nothing', async () => {
    const { server, transport } = await sesSetup();
    server.onBegin = (request) => {
      request.socket.pause();
      setImmediate(() => request.socket.resetAndDestroy());
      return true;
    };
    const raw = new Uint8Array(30 * 1024 * 1024).fill(0x20);
    expect(await mailFailure(transport.send(testMessage({ raw }), sendContext()))).toMatchObject(account);
    expect(server.requests).toHaveLength(0);
  });

  it('without an answer in time leaves it open whether the mail was taken', async () => {
    const { server, transport } = await sesSetup({ timeout: '200ms' });
    server.answer = () => undefined;
    expect(await mailFailure(transport.send(testMessage(), sendContext()))).toMatchObject({
      ...account,
      ambiguous: true,
      code: 'ETIMEDOUT',
    });
    expect(server.requests).toHaveLength(1);
  });

  it('that says half of its answer and then nothing is given up too', async () => {
    const { server, transport } = await sesSetup({ timeout: '200ms' });
    server.answer = (response) => void response.writeHead(200).write('{"Message');
    expect(await mailFailure(transport.send(testMessage(), sendContext()))).toMatchObject({ ambiguous: true });
  });
});

describe('an attempt that is aborted', () => {
  it('before the request sends nothing', async () => {
    const { server, transport } = await sesSetup();
    const signal = AbortSignal.abort(new Error('shutdown'));
    expect(await mailFailure(transport.send(testMessage(), sendContext({ signal })))).toMatchObject({
      ...account,
      code: 'ABORT_ERR',
    });
    expect(server.begun).toBe(0);
  });

  it('while the request goes out ends it', async () => {
    const { server, transport } = await sesSetup();
    const stop = new AbortController();
    server.onBegin = (request) => {
      request.socket.pause();
      stop.abort(new Error('shutdown'));
      return true;
    };
    const raw = new Uint8Array(30 * 1024 * 1024).fill(0x20);
    expect(await mailFailure(transport.send(testMessage({ raw }), sendContext({ signal: stop.signal })))).toMatchObject(
      { ...account, code: 'ABORT_ERR' },
    );
  });

  it('after the request waits for the answer, which alone says what became of it', async () => {
    const { server, transport } = await sesSetup();
    const stop = new AbortController();
    server.answer = (response) => {
      stop.abort(new Error('shutdown'));
      setImmediate(() => json(response, 200, { MessageId: '0102' }));
    };
    expect(await transport.send(testMessage(), sendContext({ signal: stop.signal }))).toEqual({
      providerMessageId: '0102',
    });
  });
});

describe('without credentials or region', () => {
  it.each([{ credentials: undefined }, { region: undefined }])('(%j) nothing is sent', async (missing) => {
    const before = { ...process.env };
    onTestFinished(() => void (process.env = before));
    const home = await temporaryFolder();
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
    Object.assign(process.env, {
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: `${home}/config`,
      AWS_SHARED_CREDENTIALS_FILE: `${home}/credentials`,
    });
    const { server, transport } = await sesSetup(missing);
    expect(await mailFailure(transport.send(testMessage(), sendContext()))).toMatchObject({
      ...account,
      reason: 'credentials' in missing ? 'credentials' : 'configuration',
    });
    expect(server.begun).toBe(0);
  });

  it('the function that should give them says why', async () => {
    const credentials = async () => {
      throw Object.assign(new Error('The role is gone'), { name: 'AccessDenied' });
    };
    const { server, transport } = await sesSetup({ credentials });
    const failure = await mailFailure(transport.send(testMessage(), sendContext()));
    expect(failure).toMatchObject({ ...account, reason: 'credentials' });
    expect(failure.message).toContain('The role is gone');
    expect(server.begun).toBe(0);
  });
});

it('a wrong clock is set right by the answer', async () => {
  const { server, transport } = await sesSetup();
  const ahead = new Date(Date.now() + 60 * MINUTE);
  server.answer = sesError(403, 'RequestTimeTooSkewed', 'Clock', { date: ahead.toUTCString() });
  expect(await mailFailure(transport.send(testMessage(), sendContext()))).toMatchObject(account);
  expect(await mailFailure(transport.send(testMessage(), sendContext()))).toMatchObject(account);
  const [first, second] = server.requests.map(({ headers }) => String(headers['x-amz-date']));
  expect(hour(second!) - hour(first!)).toBeGreaterThan(50 * MINUTE);
});

function hour(date: string): number {
  return Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

describe('secrets', () => {
  const printed = (value: unknown): string =>
    [
      inspect(value, { depth: 20, showHidden: true, getters: true }),
      JSON.stringify(value),
      String(value),
      format('%o %O %j', value, value, value),
      (value as Error).stack,
    ].join('\n');

  it('are in no form of the transport that could be printed', async () => {
    const { transport } = await sesSetup();
    await transport.send(testMessage(), sendContext());
    expect(printed(transport)).not.toContain(SECRET);
    expect(printed(transport)).not.toContain(KEY);
    expect(String(transport)).toMatch(/^ses\+api:\/\/default\?region=eu-west-1&baseUrl=http%3A%2F%2F127/);
  });

  it('are in no error, even when SES repeats the whole request', async () => {
    const token = 'IQoJb3JpZ2luX2VjTESTTOKEN';
    const { server, transport } = await sesSetup({
      credentials: { accessKeyId: KEY, secretAccessKey: SECRET, sessionToken: token },
    });
    server.answer = (response, { headers }) =>
      json(
        response,
        403,
        {
          message: `The signature does not match. The Canonical String should have been 'POST\nx-amz-security-token:${headers['x-amz-security-token'] as string}\nauthorization:${headers.authorization}'`,
        },
        { 'x-amzn-errortype': 'InvalidSignatureException' },
      );
    const failure = await mailFailure(transport.send(testMessage(), sendContext()));
    expect(failure).toMatchObject({ reason: 'credentials' });
    const signature = /Signature=(\w+)/.exec(server.requests[0]!.headers.authorization!)![1]!;
    for (const secret of [SECRET, KEY, token, signature]) expect(printed(failure)).not.toContain(secret);
  });
});

it('a transport that was never used can be closed, and closed again', async () => {
  const transport = new SesTransport({ region: 'eu-west-1' });
  await transport.close();
  await transport.close();
  expect(await mailFailure(transport.verify())).toMatchObject({ code: 'ECLOSED' });
});
