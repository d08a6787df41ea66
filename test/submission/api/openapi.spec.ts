import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relayApiDescription } from '../../../lib/submission.js';
import { type ApiApplication, startApi } from './api-application.js';

interface Description {
  openapi: string;
  paths: Record<string, Record<string, { parameters?: { name: string }[]; responses: Record<string, object> }>>;
  components: { schemas: Record<string, object>; securitySchemes: object };
}

const description = relayApiDescription() as unknown as Description;

describe('the OpenAPI description', () => {
  let api: ApiApplication;
  beforeAll(async () => {
    api = await startApi({ api: { path: 'mail/v1', maxMessages: 7 } });
  });
  afterAll(() => api?.close());

  it('is served without a key, for the path where the API is', async () => {
    const { status, body, headers } = await api.call('GET', '/mail/v1/openapi.json', { key: null });
    expect({ status, type: headers.get('content-type') }).toEqual({ status: 200, type: 'application/json' });
    expect(body).toEqual(relayApiDescription({ path: 'mail/v1', maxMessages: 7 }));
    expect(Object.keys(body.paths)).toEqual(['/mail/v1/messages', '/mail/v1/messages/{id}', '/mail/v1/openapi.json']);
    expect((await api.call('POST', '/mail/v1/openapi.json', { json: {} })).status).toBe(405);
    expect((await fetch(`${api.url}/mail/v1/openapi.json/more`)).status).toBe(404);
    expect((await fetch(`${api.url}/relay/messages`)).status).toBe(404);
  });

  it('describes every method that is answered, and no other', async () => {
    for (const [path, operations] of Object.entries(description.paths)) {
      const at = path.replace('/relay', '/mail/v1').replace('{id}', 'x');
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        const { status } = await fetch(`${api.url}${at}`, { method });
        expect(`${method} ${path} ${status !== 405}`).toBe(`${method} ${path} ${method.toLowerCase() in operations}`);
      }
    }
  });

  it('holds schemas that are JSON Schema, and refers to none that is not there', () => {
    const ajv = new Ajv2020({
      strict: true,
      strictTypes: false,
      strictRequired: false,
      formats: { 'date-time': true },
    });
    expect(description.openapi).toMatch(/^3\.1\./);
    const text = JSON.stringify(description);
    const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name!);
    expect([...new Set(names)].toSorted()).toEqual(Object.keys(description.components.schemas).toSorted());
    for (const [name, schema] of Object.entries(description.components.schemas)) {
      const $defs = description.components.schemas;
      const alone = JSON.parse(
        JSON.stringify({ ...schema, $defs }).replaceAll('#/components/schemas/', '#/$defs/'),
      ) as object;
      expect(() => ajv.compile(alone), name).not.toThrow();
    }
  });

  it('says the same of messages as the API does', async () => {
    const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } });
    ajv.addSchema(description, 'api');
    const valid = ajv.compile({ $ref: 'api#/components/schemas/Message' });
    const mail = { to: 'ada@x.test', subject: 'x', text: 'x' };
    const raw = { raw: 'RnJvbTogYUBhY21lLnRlc3QNCg0K', envelope: { to: ['ada@x.test'] } };
    for (const [json, expected] of [
      [mail, true],
      [{ ...mail, to: [{ email: 'ada@x.test', name: 'Ada', locale: 'de' }], delay: '10s', retry: { maxAge: 5 } }, true],
      [{ ...mail, attachments: [{ content: 'QUJD', filename: 'a' }], provider: { ses: {} } }, true],
      [{ ...mail, track: false, unsubscribe: false }, true],
      [raw, true],
      [{ ...raw, notify: true }, true],
      [{ ...mail, nonsense: 1 }, false],
      [{ ...mail, attachments: [{ path: '/etc/passwd' }] }, false],
      [{ ...mail, raw: raw.raw }, false],
      [{ raw: raw.raw }, false],
      [{ ...mail, priority: 'urgent' }, false],
      [{ ...mail, delay: 'soon' }, false],
      [{ ...mail, tags: 'one' }, false],
      [{ ...mail, track: { links: true } }, false],
      [{ subject: 'x', text: 'x' }, false],
    ] as const) {
      const { status } = await api.call('POST', '/mail/v1/messages', { json });
      expect({ json, valid: valid(json), taken: status === 202 }).toEqual({ json, valid: expected, taken: expected });
    }
  });

  it('names every field and answer that the page of the docs names', async () => {
    const page = await readFile(new URL('../../../docs/http-api.md', import.meta.url), 'utf8');
    const { ComposedMessage, RawMessage } = description.components.schemas as Record<string, { properties: object }>;
    for (const field of [ComposedMessage!, RawMessage!].flatMap(({ properties }) => Object.keys(properties)))
      expect(page, field).toContain(`\`${field}`);
    const { responses } = description.paths['/relay/messages']!['post']!;
    for (const status of Object.keys(responses)) expect(page, status).toMatch(new RegExp(`^\\| ${status} `, 'm'));
  });
});
