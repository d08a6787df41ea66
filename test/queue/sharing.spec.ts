import { randomBytes, randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import type { QueueOptions } from '../../lib/index.js';
import { piecesOf } from '../../lib/mime/message-pieces.js';
import { attachmentBytes } from '../support/attachment-bytes.js';
import { RecordingTransport } from '../support/recording.transport.js';
import { startRelay, type RelayApplication } from '../support/relay-application.js';
import { postgresUrl, redisUrl } from '../support/servers.js';

const started: RelayApplication[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((relay) => relay.close()));
});

async function open(queue: QueueOptions, worker: boolean) {
  const wire = new RecordingTransport();
  const relay = await startRelay({ ...(worker ? { transports: { wire } } : { worker: false as const }), queue });
  started.push(relay);
  return { ...relay, wire };
}

interface Place {
  queue: QueueOptions;
  /** Bytes that mails and what they share take. */
  size(): Promise<number>;
  forget(): Promise<void>;
}

const PLACES: [string, () => Promise<Place>][] = [
  [
    'Redis',
    async () => {
      const url = await redisUrl();
      const name = `shared-${randomUUID()}`;
      const keys = async (redis: Redis, part = '') => redis.keys(`*${name}:${part}*`);
      const using = async <T>(work: (redis: Redis) => Promise<T>) => {
        const redis = new Redis(url);
        const result = await work(redis);
        redis.disconnect();
        return result;
      };
      return {
        queue: { redis: url, name },
        size: () =>
          using(async (redis) => {
            let sum = 0;
            for (const key of await keys(redis)) sum += Number(await redis.memory('USAGE', key, 'SAMPLES', 0));
            return sum;
          }),
        forget: () => using(async (redis) => void (await redis.del(...(await keys(redis, 'blob'))))),
      };
    },
  ],
  [
    'Postgres',
    async () => {
      const url = await postgresUrl();
      const name = `shared-${randomUUID()}`;
      const query = async (text: string) => {
        const client = new Client(url);
        await client.connect();
        const { rows } = await client.query(text, [name]);
        await client.end();
        return rows;
      };
      return {
        queue: { postgres: url, name },
        size: async () =>
          Number(
            (
              await query(
                `SELECT coalesce((SELECT sum(length(data::text)) FROM bullmq.job WHERE queue = $1), 0)
                   + coalesce((SELECT sum(length(content)) FROM relay.blob WHERE queue = $1), 0) AS size`,
              )
            )[0].size,
          ),
        forget: async () => void (await query('DELETE FROM relay.blob WHERE queue = $1')),
      };
    },
  ],
];

describe.each(PLACES)('an attachment that many mails carry, on %s', (_, place) => {
  const bytes = randomBytes(200_000);
  const rows = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      to: `user-${at}@x.test`,
      subject: 'News',
      text: 'News',
      attachments: [{ filename: 'news.pdf', content: bytes }],
    }));

  it.each([
    ['in clear', {}],
    ['encrypted', { encryption: { keys: [randomBytes(32).toString('base64')] } }],
  ])('is stored twice at most, and arrives whole with each: %s', async (_, encryption) => {
    const { queue, size } = await place();
    const { mail } = await open({ ...queue, ...encryption }, false);
    const ids: string[] = [];
    for await (const item of mail.sendMany(rows(30), { chunk: 10 })) if ('id' in item) ids.push(item.id);
    for (const row of rows(3)) ids.push((await mail.send(row)).id);
    // Base64, encrypted in base64 again; and what else mails take. On its own each of the 33 would be as much.
    expect(await size()).toBeLessThan(bytes.length * 2 * 2 + 33 * 10_000);
    const { wire, mail: other } = await open({ ...queue, ...encryption }, true);
    await Promise.all(ids.map((id) => other.wait(id)));
    expect(wire.messages).toHaveLength(33);
    for (const one of wire.messages) expect((await attachmentBytes(one)).equals(bytes)).toBe(true);
  });

  it('is read once, and in memory once, for the mails of one worker', async () => {
    const { queue } = await place();
    const { mail } = await open(queue, false);
    const ids: string[] = [];
    for (const row of rows(8)) ids.push((await mail.send(row)).id);
    const { wire, mail: other } = await open(queue, true);
    await Promise.all(ids.map((id) => other.wait(id)));
    // The first mail has its own.
    const encoded = new Set<Uint8Array>();
    for (const message of wire.messages)
      for (const piece of await piecesOf(message)) if (piece.length > 200_000) encoded.add(piece);
    expect(encoded.size).toBe(2);
    for (const message of wire.messages)
      expect(Buffer.concat(await piecesOf(message)).equals(await message.raw())).toBe(true);
  });

  it('fails its mails, and only those, should somebody have thrown it away', async () => {
    const { queue, forget } = await place();
    const { mail } = await open(queue, false);
    const ids: string[] = [];
    for (const row of rows(3)) ids.push((await mail.send(row)).id);
    await forget();
    const { wire, mail: other } = await open(queue, true);
    const ended = await Promise.all(ids.map((id) => other.wait(id)));
    expect(ended.map(({ recipients }) => recipients[0]!.state)).toEqual(['sent', 'failed', 'failed']);
    expect(ended[1]!.recipients[0]!.error!.message).toContain('news.pdf is not kept any more');
    expect(wire.messages).toHaveLength(1);
  });
});

it('a shared attachment is kept for the mail that needs it longest, in whatever order they come', async () => {
  const url = await redisUrl();
  const name = `shared-${randomUUID()}`;
  const { mail } = await open({ redis: url, name }, false);
  const row = {
    to: 'ada@x.test',
    subject: 'x',
    text: 'x',
    attachments: [{ filename: 'a', content: randomBytes(200_000) }],
  };
  await mail.send(row);
  await Promise.all([mail.send({ ...row, delay: '30d' }), mail.send(row), mail.send({ ...row, delay: '1d' })]);
  const redis = new Redis(url);
  const [key] = await redis.keys(`*${name}:blob:*`);
  const days = (await redis.pttl(key!)) / 86_400_000;
  redis.disconnect();
  expect(days).toBeGreaterThan(31);
});

it('a shared attachment is stored anew under a new key, so that the old key can go', async () => {
  const url = await redisUrl();
  const name = `shared-${randomUUID()}`;
  const [old, next] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
  const queue = (keys: string[]): QueueOptions => ({ redis: url, name, encryption: { keys } });
  const row = {
    to: 'ada@x.test',
    subject: 'x',
    text: 'x',
    attachments: [{ filename: 'a', content: randomBytes(200_000) }],
  };
  const before = await open(queue([old]), true);
  for (let count = 0; count < 3; count++) await before.mail.wait((await before.mail.send(row)).id);
  const between = await open(queue([next, old]), false);
  const ids: string[] = [];
  for (let count = 0; count < 3; count++) ids.push((await between.mail.send(row)).id);
  await before.close();
  const after = await open(queue([next]), true);
  const ended = await Promise.all(ids.map((id) => after.mail.wait(id)));
  expect(ended.map(({ recipients }) => recipients[0]!.state)).toEqual(['sent', 'sent', 'sent']);
});

it('an attachment of one mail only goes when the mail goes', async () => {
  const [, place] = PLACES[0]!;
  const { queue, size } = await place();
  const { mail } = await open(queue, true);
  const { id } = await mail.send({
    to: 'ada@x.test',
    subject: 'Invoice',
    text: 'Invoice',
    attachments: [{ filename: 'invoice.pdf', content: randomBytes(200_000) }],
  });
  await mail.wait(id);
  expect(await size()).toBeLessThan(100_000);
});
