import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { RelayModule } from '../../lib/index.js';
import { RelayApiModule } from '../../lib/submission.js';
import { fakeMail } from '../../lib/testing/index.js';
import { RelayUnsubscribeModule } from '../../lib/unsubscribe.js';
import { RelayWebhooksModule } from '../../lib/webhooks.js';

const KEY = 'k'.repeat(20);
let app: INestApplication | undefined;
afterEach(() => app?.close());

/** As applications are tested end to end: the server is made after the modules. */
async function start(create: (module: Awaited<ReturnType<typeof compiled>>) => INestApplication) {
  app = create(await compiled());
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return async (path: string, body?: string, headers: Record<string, string> = {}): Promise<number> =>
    (
      await fetch(`http://127.0.0.1:${port}${path}`, {
        headers,
        ...(body !== undefined && { method: 'POST', body }),
      })
    ).status;
}

function compiled() {
  const unsubscribe = { url: 'https://acme.test/unsubscribe', secret: 'a secret of this test' };
  const builder = Test.createTestingModule({
    imports: [
      RelayModule.forRoot({ from: 'hello@acme.test', transport: 'log:', unsubscribe }),
      RelayUnsubscribeModule.forRoot(),
      RelayApiModule.forRoot({ apiKeys: [{ id: 'shop', key: KEY, scopes: ['send'] }] }),
      RelayWebhooksModule.forRoot({ postmark: { username: 'ada', password: 'a password of this test' } }),
    ],
  });
  fakeMail(builder);
  return builder.compile();
}

const MAIL = JSON.stringify({ to: 'ada@x.test', subject: 'Hi', text: 'Hi' });
const API = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
const WEBHOOK = {
  authorization: `Basic ${Buffer.from('ada:a password of this test').toString('base64')}`,
  'content-type': 'application/json',
};

describe('a module under test', () => {
  it.each([
    ['Express', (module) => module.createNestApplication({ logger: false, rawBody: true })],
    ['Fastify', (module) => module.createNestApplication(new FastifyAdapter(), { logger: false })],
  ] satisfies [string, Parameters<typeof start>[0]][])('answers what it mounts: %s', async (_, create) => {
    const ask = await start(create);
    expect(await ask('/relay/openapi.json')).toBe(200);
    expect(await ask('/relay/messages', MAIL, API)).toBe(202);
    expect(await ask('/unsubscribe?t=nobody')).toBe(400);
    expect(await ask('/relay/webhooks/postmark', '{"RecordType":"New"}', WEBHOOK)).toBe(200);
  });

  it('says what it misses where a parser has read the body', async () => {
    const ask = await start((module) => module.createNestApplication({ logger: false }));
    expect(await ask('/relay/messages', MAIL, API)).toBe(500);
  });
});
