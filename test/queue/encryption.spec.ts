import { randomBytes, randomUUID } from 'node:crypto';
import type { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { Injectable } from '@nestjs/common';
import {
  getRelayQueueToken,
  Mail,
  type Mailable,
  RelayConfigurationError,
  type QueueOptions,
} from '../../lib/index.js';
import type { OpenedQueue } from '../../lib/queue/open-mail-queue.js';
import { PayloadCipher } from '../../lib/queue/payload-cipher.js';
import { relayPart } from '../../lib/relay.tokens.js';
import { attachmentBytes } from '../support/attachment-bytes.js';
import { until } from '../support/recorder.js';
import { RecordingTransport } from '../support/recording.transport.js';
import { startRelay, type RelayApplication } from '../support/relay-application.js';
import { postgresUrl, redisUrl } from '../support/servers.js';

const SECRET = 'https://acme.test/reset?token=do-not-tell';
/** How a compressed message begins in base64. */
const GZIP = 'H4sIAAAAAAA';
const key = () => randomBytes(32).toString('base64');

@Mail({ subject: 'Rendered' })
@Injectable()
class ResetMail implements Mailable<{ link: string }> {
  async render({ link }: { link: string }) {
    return { text: `Go to ${link}` };
  }
}

const started: RelayApplication[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((relay) => relay.close()));
});

async function open(queue: QueueOptions, worker: boolean) {
  const wire = new RecordingTransport();
  const options = worker ? { transports: { wire } } : { worker: false as const };
  const unsubscribe = { url: 'https://acme.test/no-more', secret: 'a secret of sixteen and more' };
  const relay = await startRelay({ ...options, queue, unsubscribe }, { providers: [ResetMail] });
  started.push(relay);
  return { ...relay, wire };
}

describe.each<[string, () => Promise<{ queue: QueueOptions; everything: () => Promise<string> }>]>([
  [
    'Redis',
    async () => {
      const url = await redisUrl();
      const name = `sealed-${randomUUID()}`;
      return { queue: { redis: url, name }, everything: () => allOfRedis(url, name) };
    },
  ],
  [
    'Postgres',
    async () => {
      const url = await postgresUrl();
      return { queue: { postgres: url, name: `sealed-${randomUUID()}` }, everything: () => allOfPostgres(url) };
    },
  ],
])('an encrypted queue on %s', (_, backend) => {
  it('holds nothing of a mail in clear, and sends it all the same', async () => {
    const { queue, everything } = await backend();
    const encryption = { keys: [key()] };
    const { mail } = await open({ ...queue, encryption }, false);
    const attachments = [{ filename: 'secret.txt', content: SECRET }];
    const one = await mail.send({ to: 'ada@x.test', subject: 'Reset', text: `Go to ${SECRET}`, attachments });
    const two = await mail.send(ResetMail, { to: 'bob@x.test', data: { link: SECRET } });
    const stored = await everything();
    expect(stored).toContain(one.id);
    for (const clear of [SECRET, 'do-not-tell', 'Go to', Buffer.from(SECRET).toString('base64')])
      expect(stored).not.toContain(clear);
    const { wire, mail: other } = await open({ ...queue, encryption }, true);
    await Promise.all([one, two].map(({ id }) => other.wait(id)));
    const texts = wire.messages.map(({ text }) => text).toSorted();
    expect(texts).toEqual([`Go to ${SECRET}`, `Go to ${SECRET}`]);
    const attached = wire.messages.find(({ attachments: some }) => some.length > 0)!;
    expect((await attachmentBytes(attached)).toString()).toBe(SECRET);
    expect(await everything()).not.toContain('do-not-tell');
  });

  it('holds no subject and no content of what was sent, and shows both to who has the key', async () => {
    const { queue, everything } = await backend();
    const encryption = { keys: [key()] };
    const { mail, close } = await open({ ...queue, encryption }, true);
    const { id } = await mail.send({ to: 'ada@x.test', subject: 'Biopsy do-not-tell', text: 'do-not-tell' });
    await mail.wait(id);
    // What is noted of a mail is written by then.
    await close();
    const stored = await everything();
    for (const clear of ['Biopsy', 'w:biop', 'do-not-tell', GZIP]) expect(stored).not.toContain(clear);
    const { app } = await open({ ...queue, encryption }, true);
    const { mailQueue } = app.get<OpenedQueue>(relayPart('queue'));
    expect((await mailQueue.store.load(id))!.head).toMatchObject({ subject: 'Biopsy do-not-tell' });
    expect((await mailQueue.store.loadMany([id]))[0]!.head).toMatchObject({ subject: 'Biopsy do-not-tell' });
    expect(await mailQueue.blobs.get(`content:${id}`)).toContain(GZIP);
  });

  it('holds no link to unsubscribe, which is good for whoever has it', async () => {
    const { queue, everything } = await backend();
    const encryption = { keys: [key()] };
    const { mail } = await open({ ...queue, encryption }, false);
    const { id } = await mail.send({ to: 'ada@x.test', subject: 'News', text: 'News', stream: 'broadcast' });
    expect(await everything()).not.toContain('no-more?t=');
    const { wire, mail: other } = await open({ ...queue, encryption }, true);
    await other.wait(id);
    expect(wire.messages[0]!.headers['List-Unsubscribe']).toContain('no-more?t=');
  });

  it('goes on while its key is replaced, and before it was encrypted at all', async () => {
    const { queue } = await backend();
    const [old, fresh] = [key(), key()];
    const ids: string[] = [];
    for (const encryption of [undefined, { keys: [old] }, { keys: [old, fresh] }, { keys: [fresh, old] }]) {
      const { mail, close } = await open({ ...queue, ...(encryption && { encryption }) }, false);
      ids.push((await mail.send({ to: 'ada@x.test', subject: 'Hi', text: `Number ${ids.length}` })).id);
      await close();
      started.pop();
    }
    const { mail, wire } = await open({ ...queue, encryption: { keys: [fresh, old] } }, true);
    await Promise.all(ids.map((id) => mail.wait(id)));
    expect(wire.messages.map(({ text }) => text).toSorted()).toEqual(['Number 0', 'Number 1', 'Number 2', 'Number 3']);
  });

  it('leaves a mail in peace whose key a worker has not', async () => {
    const { queue } = await backend();
    const { app, mail } = await open({ ...queue, encryption: { keys: [key()] } }, false);
    const { id } = await mail.send({ to: 'ada@x.test', subject: 'Hi', text: SECRET });
    const { wire, mail: stranger } = await open({ ...queue, encryption: { keys: [key()] } }, true);
    const { id: own } = await stranger.send({ to: 'bob@x.test', subject: 'Hi', text: 'own' });
    await stranger.wait(own);
    const jobs = app.get<Queue>(getRelayQueueToken());
    await until(async () => (await jobs.getDelayedCount()) === 1);
    expect(wire.messages.map(({ text }) => text)).toEqual(['own']);
    await expect(stranger.status(id)).rejects.toThrow(/queue\.encryption\.keys/);
  });
});

describe('a sealed text', () => {
  const cipher = new PayloadCipher({ keys: [key()] });

  it('is another one each time, and opens at its own place only', () => {
    const [one, two] = [cipher.seal('hello', 'mail-1:body'), cipher.seal('hello', 'mail-1:body')];
    expect(one).not.toBe(two);
    expect(cipher.open(one, 'mail-1:body')).toBe('hello');
    expect(() => cipher.open(one, 'mail-2:body')).toThrow(/changed in the queue/);
  });

  it('does not open when a bit of it was changed', () => {
    const sealed = cipher.seal('hello', 'mail-1:body');
    const last = sealed.at(-3)!;
    expect(() =>
      cipher.open(`${sealed.slice(0, -3)}${last === 'A' ? 'B' : 'A'}${sealed.slice(-2)}`, 'mail-1:body'),
    ).toThrow(/changed in the queue/);
  });
});

describe('the option', () => {
  it.each<[string, unknown, string]>([
    ['no keys', {}, 'queue.encryption.keys'],
    ['a short key', { keys: ['c2hvcnQ='] }, 'queue.encryption.keys[0]'],
    ['no text', { keys: [key(), 7] }, 'queue.encryption.keys[1]'],
    ['an unknown one', { keys: [key()], algorithm: 'rot13' }, 'queue.encryption.algorithm'],
  ])('is refused by name, and without the key: %s', async (_, encryption, option) => {
    const failure = await open({ redis: await redisUrl(), encryption: encryption as never }, false).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(RelayConfigurationError);
    expect((failure as Error).message).toContain(option);
    expect((failure as Error).message).not.toContain('c2hvcnQ=');
  });
});

async function allOfRedis(url: string, name: string): Promise<string> {
  const redis = new Redis(url);
  const texts: string[] = [];
  for (const one of await redis.keys(`*${name}*`)) {
    const type = await redis.type(one);
    if (type === 'hash') texts.push(JSON.stringify(await redis.hgetall(one)));
    else if (type === 'string') texts.push((await redis.get(one)) ?? '');
    else if (type === 'list') texts.push(...(await redis.lrange(one, 0, -1)));
    else if (type === 'stream') texts.push(JSON.stringify(await redis.xrange(one, '-', '+')));
    else if (type === 'zset') texts.push(...(await redis.zrange(one, 0, -1)));
  }
  redis.disconnect();
  return texts.join('\n');
}

async function allOfPostgres(url: string): Promise<string> {
  const client = new Client(url);
  await client.connect();
  const tables = await client.query(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('bullmq', 'relay')`,
  );
  const texts: string[] = [];
  for (const { name } of tables.rows)
    texts.push(...(await client.query(`SELECT t::text AS row FROM ${name} t`)).rows.map(({ row }) => row as string));
  await client.end();
  return texts.join('\n');
}
