import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HISTORY_META, RedisHistoryStore } from '../../lib/store/redis.history-store.js';
import { RedisOutcomeStore } from '../../lib/store/redis.outcome-store.js';
import { redisUrl } from '../support/servers.js';

const BLOCK = 1_024;
const prefix = `history-${randomUUID()}:`;
const history = `${prefix}history:`;
let client: Redis;
let trips = 0;
/** What others do before each of a store's calls. */
let meanwhile: (() => Promise<unknown>) | undefined;
beforeAll(async () => void (client = new Redis(await redisUrl())));
afterAll(() => client.disconnect());

/** As a process that has just begun, ten minutes after the others looked. */
async function later(): Promise<RedisHistoryStore> {
  await client.del(`${history}trimmed`);
  return new RedisHistoryStore(client, history, `${prefix}mail:`, async (work) => {
    trips++;
    await meanwhile?.();
    return work();
  });
}

async function numbered(count: number): Promise<{ id: string; place: number }[]> {
  const outcomes = new RedisOutcomeStore(client, `${prefix}mail:`, `${history}${HISTORY_META}`, (work) => work());
  const head = { subject: 'Hello', from: 'a@acme.test' };
  return Promise.all(
    Array.from({ length: count }, async () => {
      const id = randomUUID();
      return { id, place: (await outcomes.save(id, { messageId: '<1@acme.test>', head }))! };
    }),
  );
}

it('counts no mails whose time is over, and all that are yet to be written', async () => {
  const mails = (await numbered(3 * BLOCK)).map((mail) => ({ ...mail, terms: [], states: [] }));
  // The first block is on its way.
  await (await later()).note(mails.slice(BLOCK));
  const store = await later();
  await store.note(mails.slice(0, BLOCK));
  expect(await store.size()).toBe(3 * BLOCK);
  expect((await store.find({ terms: [], limit: 4 * BLOCK })).found).toHaveLength(3 * BLOCK);
  // As its time is over.
  await client.del(`${history}block:0`);
  const last = await later();
  await last.note(mails.slice(-1));
  expect(await last.size()).toBe(2 * BLOCK);
});

it('gives no number twice when it is cleared while mails are sent', async () => {
  const store = await later();
  const { place: last } = (await numbered(1))[0]!;
  await numbered(BLOCK - 1 - (last % BLOCK));
  const [, ...rounds] = await Promise.all([store.clear(), numbered(20), numbered(200)]);
  const places = [...rounds.flat(), ...(await numbered(300))].map(({ place }) => place);
  expect(new Set(places).size).toBe(places.length);
});

it('asks for no place after another where none is written', async () => {
  const store = await later();
  await store.clear();
  const [mail] = await numbered(1);
  await store.note([{ ...mail!, terms: [], states: [] }]);
  for (const more of [500, 2 * BLOCK]) {
    await numbered(more);
    trips = 0;
    expect((await store.find({ terms: [], limit: 1 })).found).toEqual([mail]);
    expect(trips).toBeLessThan(6);
  }
});

it('stays cleared, though another process looks which mails there are just then', async () => {
  const [mail] = await numbered(1);
  const [store, other] = [await later(), await later()];
  meanwhile = async () => {
    const act = meanwhile;
    meanwhile = undefined;
    await numbered(1);
    await other.clear();
    meanwhile = act;
  };
  await store.note([{ ...mail!, terms: [], states: [] }]);
  meanwhile = undefined;
  expect(await store.size()).toBe(0);
});
