import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Duration } from '../../../lib/duration.js';
import { RelayConfigurationError } from '../../../lib/errors/relay-configuration.error.js';
import { HttpClient, type HttpRequest } from '../../../lib/transport/http/http-client.js';
import { LONGEST_ANSWER } from '../../../lib/transport/http/http-answer.js';
import { refused, unreadable } from '../../../lib/transport/http/http-failures.js';
import { httpSettings } from '../../../lib/transport/http/http-settings.js';
import { HttpError } from '../../../lib/transport/http/http.error.js';
import { multipartBody } from '../../../lib/transport/http/multipart-body.js';
import { retryAfter } from '../../../lib/transport/http/retry-after.js';
import { type HttpScript, startHttpServer } from '../../support/http/start-http-server.js';

const SECRET = 'tok/en-1234567890';

async function started(script?: HttpScript, options: { tls?: boolean; timeout?: number } = {}) {
  const server = await startHttpServer(script, options);
  const client = new HttpClient(
    httpSettings('acme', { baseUrl: server.url, timeout: options.timeout ?? '20s' }, 'https://acme.test'),
    [SECRET],
  );
  onTestFinished(async () => {
    await server.close();
    await client.close();
  });
  return { server, client };
}

async function failure(promise: Promise<unknown>): Promise<HttpError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(HttpError);
  return error as HttpError;
}

const mail: HttpRequest = { path: '/mails', headers: { authorization: SECRET }, body: '{"a":1}' };

describe('a request', () => {
  it('goes out as it was given, and its answer comes back with its JSON', async () => {
    const { server, client } = await started({ status: 201, headers: { 'x-id': '7' }, json: { id: 'ä' } });
    const answer = await client.request({ ...mail, body: ['{"a":', new TextEncoder().encode('"ü"}')] });
    expect(answer).toMatchObject({ status: 201, json: { id: 'ä' }, text: '{"id":"ä"}', complete: true });
    expect(answer.headers['x-id']).toBe('7');
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/mails' });
    expect(request!.headers).toMatchObject({
      'content-length': '10',
      accept: 'application/json',
      authorization: SECRET,
    });
    expect(request!.json()).toEqual({ a: 'ü' });
  });

  it('goes below the path of the base URL, and never to another host', async () => {
    const server = await startHttpServer();
    onTestFinished(() => server.close());
    const settings = (baseUrl: string) => httpSettings('acme', { baseUrl }, '');
    await new HttpClient(settings(`${server.url}/proxy/acme/`)).request({ method: 'GET', path: '/v1/ä?b' });
    await new HttpClient(settings(`${server.url}//evil.test`)).request({ method: 'DELETE', path: '/v1' });
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /proxy/acme/v1/%C3%A4%3Fb',
      'DELETE //evil.test/v1',
    ]);
  });

  it('uses a connection again', async () => {
    const { server, client } = await started();
    for (let n = 0; n < 5; n++) await client.request(mail);
    expect(server.connections).toBe(1);
  });
});

describe('an answer', () => {
  it.each([
    [
      'of another content type is read as the JSON it is',
      { json: { id: 1 }, headers: { 'content-type': 'text/html' } },
      { id: 1 },
    ],
    [
      'that says it is JSON and is not, has none',
      { text: '<p>', headers: { 'content-type': 'application/json' } },
      undefined,
    ],
    ['that is half a JSON text has none', { text: '{"id": "abc' }, undefined],
    ['that is a bare word has none', { text: 'true' }, undefined],
    ['that is empty has none', { text: '' }, undefined],
  ])('%s', async (_, script, json) => {
    const { client } = await started(script);
    expect((await client.request(mail)).json).toEqual(json);
  });

  it('that breaks off is incomplete, and has its status', async () => {
    const { client } = await started({ status: 422, cut: '{"id": 1}' });
    const answer = await client.request(mail);
    expect(answer).toMatchObject({ status: 422, complete: false });
    expect(answer.json).toBeUndefined();
  });

  it('that never ends is read up to 1 MB, and its connection given up', async () => {
    const { server, client } = await started({ endless: true });
    const answer = await client.request(mail);
    expect(answer).toMatchObject({ status: 200, complete: false });
    expect(answer.text).toHaveLength(LONGEST_ANSWER);
    await server.until(() => server.open === 0);
    // Beside the 1 MB, what was in the buffers of both sides.
    expect(server.written).toBeLessThan(20 * LONGEST_ANSWER);
  });

  it('that trickles is ended by the deadline', async () => {
    const { client } = await started({ status: 202, cut: '' }, { timeout: 300 });
    const server = createServer((socket: Socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
      const timer = setInterval(() => socket.write('x'), 20);
      socket.once('close', () => clearInterval(timer));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const slow = new HttpClient(httpSettings('acme', { baseUrl, timeout: 300 }, ''));
    expect(await slow.request(mail)).toMatchObject({ status: 200, complete: false });
    expect(await client.request(mail)).toMatchObject({ status: 202, complete: false });
  });

  it.each([301, 302, 307, 308, 303])(
    '%i is not followed, and only 303 says that the request was dealt with',
    async (status) => {
      const other = await startHttpServer();
      onTestFinished(() => other.close());
      const { client } = await started({ status, text: '', headers: { location: `${other.url}/?key=${SECRET}` } });
      const error = await failure(client.request(mail));
      expect(error).toMatchObject({
        scope: 'transport',
        permanent: false,
        ambiguous: status === 303,
        status,
        code: 'EREDIRECT',
      });
      expect(error.message).toContain(other.host);
      expect(error.message).not.toContain(SECRET);
      expect(other.connections).toBe(0);
    },
  );

  it('shows no secret of ours, however it is written', async () => {
    const { client } = await started({ text: `{"said": "${SECRET.replace('/', '\\/')}", "raw": "${SECRET}"}` });
    const answer = await client.request(mail);
    expect(answer.json).toEqual({ said: '***', raw: '***' });
    expect(inspect([answer, client], { depth: 9, showHidden: true })).not.toContain(SECRET);
  });
});

describe('a failure', () => {
  it('before the request is out has sent nothing: nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const client = new HttpClient(httpSettings('acme', { baseUrl: `http://localhost:${port}` }, ''));
    const error = await failure(client.request(mail));
    expect(error).toMatchObject({ scope: 'transport', permanent: false, ambiguous: false, code: 'ECONNREFUSED' });
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('before the request is out has sent nothing: the connection breaks in mid-body', async () => {
    const { client } = await started({ do: 'refuse' });
    const body = Buffer.alloc(40 * 1024 * 1024);
    expect(await failure(client.request({ ...mail, body }))).toMatchObject({ scope: 'transport', ambiguous: false });
  });

  it('before the request is out has sent nothing: the server stops reading', async () => {
    const { client } = await started({ do: 'stall' }, { timeout: 500 });
    const error = await failure(client.request({ ...mail, body: Buffer.alloc(40 * 1024 * 1024) }));
    expect(error).toMatchObject({ scope: 'transport', ambiguous: false, code: 'ETIMEDOUT' });
  });

  it('before the request is out has sent nothing: the certificate is not to be trusted', async () => {
    const { server, client } = await started({ json: {} }, { tls: true });
    expect(await failure(client.request(mail))).toMatchObject({ scope: 'transport', ambiguous: false });
    expect(server.requests).toHaveLength(0);
  });

  it('after the request is out is ambiguous: the connection breaks', async () => {
    const { client } = await started({ do: 'reset' });
    expect(await failure(client.request(mail))).toMatchObject({
      scope: 'transport',
      ambiguous: true,
      code: 'ECONNRESET',
    });
  });

  it('after the request is out is ambiguous: no answer in time', async () => {
    const { server, client } = await started({ do: 'hang' }, { timeout: 300 });
    const error = await failure(client.request(mail));
    expect(error).toMatchObject({ scope: 'transport', ambiguous: true, code: 'ETIMEDOUT' });
    expect(error.message).toBe(`${server.host} did not answer within 0.3 s`);
  });

  it('after the request is out is ambiguous: an answer that is no HTTP', async () => {
    const server = createServer((socket) => void socket.end('220 smtp.acme.test ESMTP\r\n')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await failure(new HttpClient(httpSettings('acme', { baseUrl }, '')).request(mail))).toMatchObject({
      scope: 'transport',
      code: 'HPE_INVALID_CONSTANT',
    });
  });

  it.each([
    ['and reads no further', (): void => undefined],
    ['and hangs up', (socket: Socket): void => void socket.end()],
    ['and breaks the connection', (socket: Socket): void => void setImmediate(() => socket.resetAndDestroy())],
  ])('leaves the status when the server answers before it has the whole request %s', async (_, then) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.pause();
        socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 20\r\n\r\n{}', () => then(socket));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = new HttpClient(httpSettings('acme', { baseUrl, timeout: 1000 }, ''));
    expect(await client.request({ ...mail, body: Buffer.alloc(40 * 1024 * 1024) })).toMatchObject({ status: 413 });
  });
});

describe('an aborted signal', () => {
  it('before the request sends nothing', async () => {
    const { server, client } = await started();
    const error = await failure(client.request({ ...mail, signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ scope: 'transport', ambiguous: false, code: 'ABORT_ERR' });
    expect(server.connections).toBe(0);
  });

  it('in mid-body takes the request back', async () => {
    const { server, client } = await started({ do: 'stall' });
    const stop = new AbortController();
    const sending = failure(client.request({ ...mail, body: Buffer.alloc(40 * 1024 * 1024), signal: stop.signal }));
    await server.reached();
    stop.abort();
    expect(await sending).toMatchObject({ ambiguous: false, code: 'ABORT_ERR' });
  });

  it('after the request waits for the answer', async () => {
    const stop = new AbortController();
    let answer!: () => void;
    const after = new Promise<void>((resolve) => (answer = resolve));
    const { server, client } = await started({ after, next: { json: { id: 1 } } });
    const sending = client.request({ ...mail, signal: stop.signal });
    await server.until(() => server.requests.length === 1);
    stop.abort();
    // Signals are looked at ten times a second.
    setTimeout(answer, 150);
    expect((await sending).json).toEqual({ id: 1 });
  });
});

describe('close()', () => {
  it('lets requests in flight finish, ends connections, and takes no more', async () => {
    let answer!: () => void;
    const after = new Promise<void>((resolve) => (answer = resolve));
    const { server, client } = await started({ after, next: { json: {} } });
    const sending = client.request(mail);
    await server.reached();
    const closing = client.close();
    answer();
    expect(await sending).toMatchObject({ status: 200 });
    await closing;
    await server.until(() => server.open === 0);
    expect(await failure(client.request(mail))).toMatchObject({ scope: 'transport', code: 'ECLOSED' });
  });
});

describe('what an answer means where the provider says no more', () => {
  const answer = (status: number, given: object = {}) => ({
    host: 'h',
    status,
    headers: {},
    text: '',
    complete: true,
    ...given,
  });

  it.each([
    [200, { scope: 'transport', permanent: false, ambiguous: true }],
    [400, { scope: 'transport', permanent: false, ambiguous: false }],
    [401, { scope: 'transport', permanent: false, ambiguous: false, reason: 'credentials' }],
    [413, { scope: 'message', permanent: true, ambiguous: false, reason: 'too-large' }],
    [429, { scope: 'transport', permanent: false, ambiguous: false, reason: 'rate' }],
    [500, { scope: 'transport', permanent: false, ambiguous: false }],
    [504, { scope: 'transport', permanent: false, ambiguous: true }],
  ])('unreadable with status %i', (status, expected) => {
    expect(unreadable(answer(status))).toMatchObject({ ...expected, status, code: 'EBADANSWER' });
  });

  it('says how the answer looked, and not what was in it', () => {
    const page = answer(200, { text: '<p>secret</p>', headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(unreadable(page).message).toBe('h answered 200 with what is no answer of its API (text/html, 13 bytes)');
  });

  it('keeps 500 characters of the words of a refusal, in one line', () => {
    expect(refused(answer(422), ` a\n b ${'x'.repeat(1000)}`).message).toMatch(/^h answered 422: a b x{496}$/);
  });

  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['Wed, 21 Oct 2020 07:28:00 GMT', 0],
    ['999999999', 86_400_000],
    ['soon', undefined],
    ['-5', undefined],
    [undefined, undefined],
  ])('Retry-After: %s is %s ms', (value, expected) => {
    const wait = retryAfter({ 'retry-after': value }, Date.parse('Wed, 21 Oct 2026 07:28:00 GMT'));
    expect(wait).toBe(expected);
  });
});

describe('the settings', () => {
  it.each([
    ['http://api.acme.test', /https/],
    ['http://10.0.0.1', /https/],
    ['ftp://acme.test', /URL/],
    ['acme', /URL/],
    ['https://u:hunter2@acme.test', /user or a password/],
    ['https://acme.test/?a=1', /without/],
    [5 as never, /URL/],
  ])('refuse the base URL %s', (baseUrl, words) => {
    const settings = () => httpSettings('acme', { baseUrl }, '');
    expect(settings).toThrow(RelayConfigurationError);
    expect(settings).toThrow(words);
    expect(settings).not.toThrow(/hunter2/);
  });

  it.each(['https://acme.test', 'http://127.0.0.1:8', 'http://[::1]:8', 'http://localhost', 'http://mock:8080/x'])(
    'take the base URL %s',
    (baseUrl) => void expect(httpSettings('acme', { baseUrl }, '').timeout).toBe(60_000),
  );

  it.each<Duration>(['0s', '2h', 'soon' as never, -1])('refuse the timeout %s', (timeout) => {
    expect(() => httpSettings('acme', { timeout }, 'https://acme.test')).toThrow('acme.timeout');
  });
});

describe('a multipart body', () => {
  it('arrives field by field, with names that nothing can break out of', async () => {
    const { server, client } = await started();
    const name = 'Rechnung "März"\r\nX: y.pdf';
    const { contentType, body } = multipartBody([
      ['to', 'a@x.test'],
      ['to', 'b@x.test'],
      ['text', 'line\r\n--form-\r\nä'],
      ['file', { filename: name, contentType: 'application/pdf', content: new Uint8Array([0, 13, 10, 255]) }],
    ]);
    await client.request({ path: '/', headers: { 'content-type': contentType }, body });
    const form = await server.requests[0]!.form();
    expect(form.getAll('to')).toEqual(['a@x.test', 'b@x.test']);
    expect(form.get('text')).toBe('line\r\n--form-\r\nä');
    const file = form.get('file') as File;
    expect(file.name).toBe(name);
    expect(file.type).toBe('application/pdf');
    expect([...new Uint8Array(await file.arrayBuffer())]).toEqual([0, 13, 10, 255]);
  });
});
