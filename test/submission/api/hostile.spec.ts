import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MailService } from '../../../lib/index.js';
import { ADAPTERS, type ApiApplication, KEY, startApi } from './api-application.js';

const PATH = '/relay/messages';
const MAIL = { to: 'ada@x.test', subject: 'Hi', text: 'Hi' };

describe.each(ADAPTERS)('the HTTP API on $name', ({ adapter }) => {
  let api: ApiApplication;
  beforeAll(async () => {
    api = await startApi({ adapter, api: { maxBody: 200_000, maxMessages: 50, bodyTimeout: '500ms' } });
  });
  afterAll(() => api?.close());

  it('refuses what is no JSON', async () => {
    for (const body of ['', '{', '{"to":', 'nothing', new Uint8Array([0x7b, 0xff, 0x7d]), '\0', '{"a":1}{"b":2}'])
      expect(await api.call('POST', PATH, { body })).toMatchObject({ status: 400, body: { code: 'invalid-json' } });
  });

  it('refuses other content types, and compressed bodies', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', ''])
      expect(await api.call('POST', PATH, { json: MAIL, headers: { 'content-type': type } })).toMatchObject({
        status: 415,
        body: { code: 'unsupported-type' },
      });
    expect(await api.call('POST', PATH, { json: MAIL, headers: { 'content-encoding': 'gzip' } })).toMatchObject({
      status: 415,
      body: { code: 'unsupported-encoding' },
    });
    expect(
      (await api.call('POST', PATH, { json: MAIL, headers: { 'content-type': 'Application/JSON;charset="UTF-8"' } }))
        .status,
    ).toBe(202);
  });

  it('knows its methods and paths only', async () => {
    const put = await api.call('PUT', PATH, { json: MAIL });
    expect(put).toMatchObject({ status: 405, body: { code: 'method-not-allowed' } });
    expect(put.headers.get('allow')).toBe('POST');
    expect((await api.call('GET', PATH)).status).toBe(405);
    expect((await api.call('PATCH', `${PATH}/x`, { json: {} })).headers.get('allow')).toBe('GET, HEAD, DELETE');
    // Cross-origin requests are not let in: nothing answers their preflight.
    const preflight = await api.call('OPTIONS', PATH, { key: null, headers: { origin: 'https://evil.test' } });
    expect(preflight.status).toBe(405);
    expect([...preflight.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    for (const path of [`${PATH}/a/b`, `${PATH}/${'x'.repeat(5_000)}`])
      expect((await api.call('GET', path)).status).toBe(404);
    // Fastify itself says 400.
    expect([400, 404]).toContain((await fetch(`${api.url}${PATH}/%E0%A4%A`)).status);
    const head = await api.call('HEAD', `${PATH}/unknown`);
    expect(head).toMatchObject({ status: 404, body: undefined });
  });

  it('answers so that no browser keeps, sniffs or embeds it', async () => {
    const { headers } = await api.call('POST', PATH, { json: MAIL });
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    });
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('takes bodies up to a size, and messages up to a number', async () => {
    const large = JSON.stringify({ ...MAIL, text: 'x'.repeat(200_000) });
    expect(await api.call('POST', PATH, { body: large })).toMatchObject({ status: 413, body: { code: 'too-large' } });
    expect((await api.call('POST', PATH, { json: Array.from({ length: 51 }, () => MAIL) })).status).toBe(413);
    expect((await api.call('POST', PATH, { json: [] })).status).toBe(422);
    // Without its length: in chunks.
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    socket.on('error', () => {});
    const answer = once(socket, 'data');
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    for (let sent = 0; sent < 4; sent++) socket.write(`10000\r\n${'x'.repeat(0x10000)}\r\n`);
    expect(String((await answer)[0])).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it('gives a slow body so much time and no more', async () => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
    );
    const drip = setInterval(() => socket.write(' '), 50);
    const [answer] = await once(socket, 'data');
    clearInterval(drip);
    expect(String(answer)).toMatch(/^HTTP\/1\.1 408 [^]*connection: close/i);
    socket.destroy();
  });

  it('lets no name of a client’s change what an object is', async () => {
    for (const [body, field] of [
      ['{"__proto__":{"to":"ada@x.test"},"subject":"x","text":"x"}', '__proto__'],
      [
        '{"to":"ada@x.test","template":"x","context":{"a":[{"__proto__":{"polluted":true}}]}}',
        'context.a[0].__proto__',
      ],
      ['{"to":"ada@x.test","subject":"x","text":"x","headers":{"\\u005f_proto__":"x"}}', 'headers.__proto__'],
      ['{"to":"ada@x.test","subject":"x","text":"x","metadata":{"__proto__":"x"}}', 'metadata.__proto__'],
      ['{"to":"ada@x.test","subject":"x","text":"x","constructor":{"prototype":{"polluted":true}}}', 'constructor'],
      ['{"to":"ada@x.test","subject":"x","text":"x","toString":"x"}', 'toString'],
    ])
      expect(await api.call('POST', PATH, { body: body! })).toMatchObject({ status: 422, body: { field } });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    const { status, body } = await api.call('POST', `${PATH}?wait=20s`, {
      body: '{"to":"ada@x.test","subject":"x","text":"x","provider":{"ses":{"constructor":{"a":1}}},"metadata":{"constructor":"x"}}',
    });
    expect({ status, metadata: body.events[0].metadata }).toEqual({ status: 200, metadata: { constructor: 'x' } });
  });

  it('refuses what is nested deeply, or holds a great many values', async () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ])
      for (const depth of [60, 10_000])
        expect(await api.call('POST', PATH, { body: `${open!.repeat(depth)}1${close!.repeat(depth)}` })).toMatchObject({
          status: 400,
          body: { code: 'invalid-json' },
        });
    expect(await api.call('POST', PATH, { body: '['.repeat(100_000) })).toMatchObject({ status: 400 });
    const recipients = `[${'"a@x.test",'.repeat(10_100)}"a@x.test"]`;
    expect((await api.call('POST', PATH, { body: `{"to":${recipients},"subject":"x","text":"x"}` })).status).toBe(202);
    const different = JSON.stringify(Array.from({ length: 10_001 }, (_, index) => `a${index}@x.test`));
    expect(await api.call('POST', PATH, { body: `{"to":${different},"subject":"x","text":"x"}` })).toMatchObject({
      status: expect.toSatisfy((status: number) => status === 422 || status === 413),
    });
  });

  it('answers any JSON with a result or a problem, and goes on', { timeout: 120_000 }, async () => {
    const mail = api.app.get(MailService);
    const names = [
      'to',
      'cc',
      'from',
      'subject',
      'html',
      'text',
      'template',
      'context',
      'headers',
      'attachments',
      'tags',
    ];
    const more = [
      'metadata',
      'delay',
      'sendAt',
      'retry',
      'raw',
      'envelope',
      'provider',
      'priority',
      'notify',
      'stream',
    ];
    const value = fc.oneof(
      { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
      fc.constantFrom(
        'ada@x.test',
        ['ada@x.test', { email: 'b@x.test' }],
        { from: 'a@x.test', to: ['a@x.test'] },
        'QUJD',
        '1h',
      ),
    );
    const message = fc.dictionary(fc.constantFrom(...names, ...more), value, { maxKeys: 8 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(message, fc.array(message, { maxLength: 4 }), fc.jsonValue()), async (json) => {
        const { status, body } = await api.call('POST', PATH, { json });
        const statuses = status === 207 ? body.map((item: any) => item.status) : [status];
        for (const one of statuses) expect([202, 400, 413, 422]).toContain(one);
      }),
      { numRuns: 300 },
    );
    const { id } = await mail.send(MAIL);
    expect((await api.call('GET', `${PATH}/${id}?wait=20s`)).body.recipients).toEqual([
      { address: 'ada@x.test', state: 'sent' },
    ]);
  });
});
