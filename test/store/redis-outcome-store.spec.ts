import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RedisOutcomeStore } from '../../lib/store/redis.outcome-store.js';
import { startRedis, type RedisServer } from '../support/redis.js';

let server: RedisServer;
let client: Redis;
let store: RedisOutcomeStore;
beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.url);
  store = new RedisOutcomeStore(client, 'mail:', 'history:meta', (work) => work());
});
afterAll(async () => {
  client?.disconnect();
  await server?.stop();
});

/** Microseconds that Redis takes for the outcomes of a hundred mails. */
async function timeOf(content: string): Promise<number> {
  const ids = Array.from({ length: 100 }, () => randomUUID());
  for (const id of ids) await store.save(id, { messageId: '<1@acme.test>', content });
  await client.config('RESETSTAT');
  for (let at = 1; at <= 5; at++) {
    const recipients = [{ address: 'ada@acme.test', state: 'deferred' as const, at }];
    await Promise.all(ids.map((id) => store.save(id, { messageId: '<1@acme.test>', recipients })));
  }
  return Number(/^cmdstat_evalsha:.*?usec=(\d+)/m.exec(await client.info('commandstats'))![1]);
}

it('takes no longer for the outcome of a mail whose content is large', async () => {
  const small = await timeOf('Hello');
  expect(await timeOf('x'.repeat(500_000))).toBeLessThan(10 * small);
});
