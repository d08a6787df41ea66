import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { Injectable, Optional } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RelayConfigurationError } from '../../../lib/index.js';
import {
  type ApiClient,
  type ApiCredentials,
  ApiKeyAuthenticator,
  type RelayApiOptions,
} from '../../../lib/submission.js';
import { readApiOptions } from '../../../lib/submission/api/read-api-options.js';
import { LogRecorder } from '../../support/log-recorder.js';
import { ADAPTERS, type ApiApplication, startApi } from './api-application.js';

const PATH = '/relay/messages';
const MAIL = { to: 'ada@x.test', subject: 'Hi', text: 'Hi' };
const UNKNOWN = `${PATH}/00000000-0000-4000-8000-000000000000`;

const key = (name: string) => `the-long-key-of-${name}`;
const ALL = ['send', 'read', 'cancel'] as const;

describe.each(ADAPTERS)('API keys on $name', ({ adapter }) => {
  let api: ApiApplication;
  beforeAll(async () => {
    api = await startApi({
      adapter,
      api: {
        apiKeys: [
          { id: 'sender', key: key('sender'), scopes: ['send'] },
          { id: 'reader', sha256: createHash('sha256').update(key('reader')).digest('hex'), scopes: ['read'] },
          { id: 'north', key: key('north'), scopes: ALL, tenant: 'north' },
          { id: 'south', key: key('south'), scopes: ALL, tenant: 'south', stream: 'broadcast' },
          { id: 'shop', key: key('shop'), scopes: ALL, senders: ['acme.test', 'müller.example', '*.mail.test'] },
          { id: 'north:the', key: key('north-the'), scopes: ALL },
          { id: 'other', key: key('other'), scopes: ALL, senders: ['other.test'] },
          { id: 'slow', key: key('slow'), scopes: ALL, rate: '3/h' },
          { id: 'rare', key: key('rare'), scopes: ALL, rate: '0.5/h' },
        ],
      },
    });
  });
  afterAll(() => api?.close());

  it('let nobody in without one', async () => {
    for (const [method, path] of [
      ['POST', PATH],
      ['GET', UNKNOWN],
      ['DELETE', UNKNOWN],
    ] as const) {
      const without = await api.call(method, path, { key: null, ...(method === 'POST' && { json: MAIL }) });
      expect(without).toMatchObject({ status: 401, body: { code: 'missing-key' } });
      expect(without.headers.get('www-authenticate')).toBe('Bearer realm="relay"');
      for (const wrong of [key('nobody'), `${key('sender')}x`, key('sender').slice(0, -1)]) {
        const refused = await api.call(method, path, { key: wrong, ...(method === 'POST' && { json: MAIL }) });
        expect(refused).toMatchObject({ status: 401, body: { code: 'invalid-key' } });
        expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="relay", error="invalid_token"');
        expect(JSON.stringify(refused.body)).not.toContain(wrong);
      }
    }
    for (const authorization of ['Basic c2VuZGVyOng=', `Bearer ${'x'.repeat(10_000)}`, 'Bearer', 'Bearer ä b'])
      expect(
        await api.call('POST', PATH, {
          key: null,
          json: MAIL,
          headers: { authorization: Buffer.from(authorization).toString('latin1') },
        }),
      ).toMatchObject({ status: 401 });
    expect(api.transport.messages).toEqual([]);
  });

  it('are good for their scopes only, and name the one that is missing', async () => {
    const sent = await api.call('POST', `${PATH}?wait=20s`, { key: key('sender'), json: MAIL });
    expect(sent.status).toBe(200);
    const item = `${PATH}/${sent.body.id}`;
    const refused = await api.call('GET', item, { key: key('sender') });
    expect(refused).toMatchObject({
      status: 403,
      body: { code: 'missing-scope', detail: 'This key has not the scope read' },
    });
    expect(refused.headers.get('www-authenticate')).toBe(
      'Bearer realm="relay", error="insufficient_scope", scope="read"',
    );
    expect((await api.call('GET', item, { key: key('reader') })).status).toBe(200);
    expect((await api.call('DELETE', item, { key: key('reader') })).status).toBe(403);
    expect((await api.call('POST', PATH, { key: key('reader'), json: MAIL })).status).toBe(403);
  });

  it('of a tenant send for it and see its mails only', async () => {
    const { body } = await api.call('POST', PATH, { key: key('north'), json: { ...MAIL, delay: '1h' } });
    const item = `${PATH}/${body.id}`;
    expect((await api.call('GET', item, { key: key('north') })).body.tenant).toBe('north');
    expect((await api.call('GET', item, { key: key('reader') })).status).toBe(200);
    for (const method of ['GET', 'DELETE']) {
      const [foreign, unknown] = await Promise.all(
        [item, UNKNOWN].map((path) => api.call(method, path, { key: key('south') })),
      );
      expect(foreign!.status).toBe(404);
      expect(foreign!.body).toEqual(unknown!.body);
    }
    expect((await api.call('DELETE', item, { key: key('north') })).status).toBe(200);
    const other = await api.call('POST', PATH, { key: key('north'), json: { ...MAIL, tenant: 'south' } });
    expect(other).toMatchObject({ status: 403, body: { code: 'tenant-not-allowed', field: 'tenant' } });
    const south = await api.call('POST', `${PATH}?wait=20s`, {
      key: key('south'),
      json: [MAIL, { ...MAIL, stream: 'own' }],
    });
    expect(south.body).toMatchObject([
      { status: 200, result: { tenant: 'south', stream: 'broadcast' } },
      { status: 403, error: { field: 'stream' } },
    ]);
  });

  it('of two clients do not share their idempotency keys', async () => {
    const headers = { 'Idempotency-Key': 'the-same' };
    const [north, south] = await Promise.all(
      ['north', 'south'].map((name) => api.call('POST', PATH, { key: key(name), json: MAIL, headers })),
    );
    expect([north!.body.duplicate, south!.body.duplicate]).toEqual([false, false]);
    expect(north!.body.id).not.toBe(south!.body.id);
    const one = await api.call('POST', PATH, {
      key: key('north'),
      json: MAIL,
      headers: { 'Idempotency-Key': 'the:same' },
    });
    const other = await api.call('POST', PATH, {
      key: key('north-the'),
      json: MAIL,
      headers: { 'Idempotency-Key': 'same' },
    });
    expect([one.body.duplicate, other.body.duplicate]).toEqual([false, false]);
  });

  it('send from their own domains only, wherever a sender can be named', async () => {
    const shop = (json: object) => api.call('POST', PATH, { key: key('shop'), json });
    expect((await shop(MAIL)).status).toBe(202);
    expect((await shop({ ...MAIL, from: 'Shop <a@ACME.test>' })).status).toBe(202);
    expect((await shop({ ...MAIL, from: { email: 'a@müller.example' } })).status).toBe(202);
    expect((await shop({ ...MAIL, from: 'a@shop.mail.test' })).status).toBe(202);
    const raw = (header: string) => Buffer.from(`${header}\r\n\r\nHi`).toString('base64');
    const envelope = { to: ['ada@x.test'] };
    expect((await shop({ raw: raw('From: a@acme.test'), envelope })).status).toBe(202);
    for (const [json, field] of [
      [{ ...MAIL, from: 'ceo@bank.test' }, 'from'],
      [{ ...MAIL, from: 'a@sub.acme.test' }, 'from'],
      [{ ...MAIL, envelope: { from: 'ceo@bank.test' } }, 'envelope.from'],
      [{ ...MAIL, headers: { Sender: 'ceo@bank.test' } }, 'headers.Sender'],
      [{ raw: raw('From: ceo@bank.test'), envelope }, 'raw'],
      [{ raw: raw('From: a@acme.test, ceo@bank.test'), envelope }, 'raw'],
      [{ raw: raw('Sender: ceo@bank.test\r\nFrom: a@acme.test'), envelope }, 'raw'],
      [{ raw: raw('From: a@acme.test'), envelope: { ...envelope, from: 'ceo@bank.test' } }, 'envelope.from'],
    ] as const)
      expect(await shop(json), JSON.stringify(json)).toMatchObject({
        status: 403,
        body: { code: 'sender-not-allowed', field },
      });
    // What can be read in more than one way is read in none.
    for (const header of [
      'From: a@acme.test\r\nfrom : ceo@bank.test',
      'From: a@acme.test\nFrom: ceo@bank.test',
      'From: ceo@bank.test <a@acme.test>',
      'Subject: nobody',
    ])
      expect(await shop({ raw: raw(header), envelope }), header).toMatchObject({ status: 422, body: { field: 'raw' } });
    // The relay's own sender is not this client's.
    expect(await api.call('POST', PATH, { key: key('other'), json: MAIL })).toMatchObject({
      status: 403,
      body: { field: 'from', detail: 'from: this key may not send from acme.test' },
    });
  });

  it('send as fast as they may', async () => {
    const send = (json: unknown) => api.call('POST', PATH, { key: key('slow'), json });
    expect((await send([MAIL, MAIL, MAIL, MAIL])).status).toBe(429);
    const at = await Promise.all([send(MAIL), send([MAIL]), send(MAIL), send(MAIL), send(MAIL)]);
    expect(at.map(({ status }) => status).sort()).toEqual([202, 202, 207, 429, 429]);
    const refused = at.find(({ status }) => status === 429)!;
    expect(refused.body).toMatchObject({ code: 'rate-limited' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_500);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(3_750);
  });

  it('send one message at a time where their rate is less than one', async () => {
    const send = (json: unknown) => api.call('POST', PATH, { key: key('rare'), json });
    expect((await send([MAIL, MAIL])).status).toBe(429);
    expect((await send(MAIL)).status).toBe(202);
    expect((await send(MAIL)).status).toBe(429);
  });
});

describe('an application’s own keys', () => {
  @Injectable()
  class Directory {
    find(name: string): ApiClient | null {
      if (name === 'broken') throw new Error('the database says: password hunter2 is wrong');
      return name === 'known-key' ? { id: 'k', scopes: ['send'], tenant: 'north' } : null;
    }
  }

  @Injectable()
  class DirectoryKeys extends ApiKeyAuthenticator {
    constructor(@Optional() private readonly directory = new Directory()) {
      super();
    }
    async authenticate({ key, remoteAddress }: ApiCredentials) {
      expect(remoteAddress).toBe('127.0.0.1');
      return this.directory.find(key);
    }
  }

  it.each([
    ['a provider of the application', { providers: [Directory, DirectoryKeys] }, DirectoryKeys],
    ['a class that is no provider', {}, DirectoryKeys],
    ['an instance', {}, new DirectoryKeys()],
  ])('are known to %s', async (_what, metadata, authenticator) => {
    const log = new LogRecorder();
    const api = await startApi({ api: { authenticator }, metadata });
    api.app.useLogger(log);
    try {
      expect((await api.call('POST', `${PATH}?wait=20s`, { key: 'known-key', json: MAIL })).body.tenant).toBe('north');
      expect((await api.call('POST', PATH, { key: 'unknown-key', json: MAIL })).status).toBe(401);
      const broken = await api.call('POST', PATH, { key: 'broken', json: MAIL });
      expect(broken).toMatchObject({ status: 503, body: { code: 'authenticator' } });
      expect(broken.headers.get('retry-after')).toBe('30');
      // Whoever comes again at once does not fill the log.
      expect((await api.call('POST', PATH, { key: 'broken', json: MAIL })).status).toBe(503);
      expect(log.lines.filter((line) => line.startsWith('error'))).toEqual([
        'error The ApiKeyAuthenticator threw Error',
      ]);
      expect(JSON.stringify(broken.body)).not.toContain('hunter2');
    } finally {
      await api.close();
    }
  });
});

describe('the options of the HTTP API', () => {
  const client = { id: 'shop', key: key('shop'), scopes: ['send'] } as const;

  it.each<[string, object, string]>([
    ['no keys', {}, 'api.apiKeys'],
    [
      'keys and an authenticator',
      { apiKeys: [client], authenticator: { authenticate: async () => null } },
      'api.apiKeys',
    ],
    ['an empty list', { apiKeys: [] }, 'api.apiKeys'],
    ['an unknown option', { apiKeys: [client], cors: true }, 'api.cors'],
    ['an unknown option of a key', { apiKeys: [{ ...client, scope: 'send' }] }, 'api.apiKeys[0].scope'],
    ['a short key', { apiKeys: [{ ...client, key: 'short-secret' }] }, 'api.apiKeys[0].key'],
    ['a key and a hash', { apiKeys: [{ ...client, sha256: 'a'.repeat(64) }] }, 'api.apiKeys[0]'],
    ['a key that is not set', { apiKeys: [{ ...client, key: undefined }] }, 'api.apiKeys[0].key'],
    [
      'a hash that is not set',
      { apiKeys: [{ id: 'a', scopes: ['send'], sha256: undefined }] },
      'api.apiKeys[0].sha256',
    ],
    ['no hash', { apiKeys: [{ id: 'a', scopes: ['send'], sha256: 'abc' }] }, 'api.apiKeys[0].sha256'],
    ['an unknown scope', { apiKeys: [{ ...client, scopes: ['admin'] }] }, 'api.apiKeys[0].scopes'],
    ['no domains', { apiKeys: [{ ...client, senders: [] }] }, 'api.apiKeys[0].senders'],
    ['no rate', { apiKeys: [{ ...client, rate: 'fast' }] }, 'api.apiKeys[0].rate'],
    ['one id twice', { apiKeys: [client, { ...client, key: key('two') }] }, 'api.apiKeys[1].id'],
    ['one key twice', { apiKeys: [client, { ...client, id: 'two' }] }, 'api.apiKeys[1].key'],
    ['a bad path', { apiKeys: [client], path: '/a/:b' }, 'api.path'],
    ['no size', { apiKeys: [client], maxBody: 0 }, 'api.maxBody'],
    ['no time', { apiKeys: [client], maxWait: '1d' }, 'api.maxWait'],
  ])('are refused at start: %s', async (_what, options, option) => {
    const error = await startApi({ api: { apiKeys: undefined, ...options } as RelayApiOptions }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(RelayConfigurationError);
    expect((error as RelayConfigurationError).option).toBe(option);
    expect((error as Error).message).toMatch(/^RelayApiModule: (?!api\.)/);
    expect((error as Error).message).not.toMatch(/the-long-key|short-secret/);
  });

  it('name a relay that must be there', async () => {
    await expect(startApi({ api: { relay: 'marketing' } })).rejects.toMatchObject({ option: 'api.relay' });
  });

  it('show no key once they are read', () => {
    const settings = readApiOptions({ apiKeys: [client] });
    expect(inspect(settings, { depth: 10, showHidden: true }) + JSON.stringify(settings)).not.toContain(client.key);
  });
});
