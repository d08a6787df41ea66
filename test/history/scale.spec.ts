import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MailHistory } from '../../lib/history/mail-history.js';
import { termsOf } from '../../lib/history/history-terms.js';
import type { MailAbout } from '../../lib/delivery/outcome-store.interface.js';
import type { MailQueue } from '../../lib/queue/mail-queue.interface.js';
import { openMailQueue } from '../../lib/queue/open-mail-queue.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { postgresUrl } from '../support/servers.js';

const MANY = 50_000;
const FEW = 2_000;

/** So many mails, with one to somebody in the middle, and some that bounced. */
async function fill(queue: MailQueue, from: number, to: number): Promise<void> {
  for (let start = from; start < to; start += 500) {
    const mails = Array.from({ length: Math.min(500, to - start) }, (_, index) => {
      const number = start + index;
      const address = number === 1_000 ? 'needle@haystack.test' : `user${number}@customer${number % 300}.test`;
      const about: MailAbout = { acceptedAt: number, to: [address], stream: 'transactional', tags: ['shop'] };
      return {
        id: randomUUID() as string,
        about,
        head: { subject: `Order ${number} is on its way`, from: 'a@acme.test' },
        number,
      };
    });
    await Promise.all(
      mails.map(({ id, about, head, number }) =>
        queue.store.save(id, {
          messageId: `<${id}@acme.test>`,
          about,
          head,
          recipients: [{ address: about.to[0]!, state: number === 500 ? 'bounced' : 'sent', at: number }],
        }),
      ),
    );
    await queue.history.note(
      mails.map(({ id, about, head, number }) => ({
        id,
        terms: termsOf(about, head, 'acme', true),
        states: number === 500 ? ['bounced' as const] : [],
      })),
    );
  }
}

const QUESTIONS = {
  'the newest': { search: {}, limit: 50 },
  'the only one to somebody': { search: { recipient: 'needle@haystack.test' }, limit: 50 },
  'the only one of a number': { search: { words: ['1234'] }, limit: 1 },
  'the only one that bounced': { search: {}, state: 'bounced' as const, limit: 50 },
};

describe(`with ${MANY} mails on Redis`, { timeout: 180_000 }, () => {
  let server: RedisServer;
  let queue: MailQueue;
  let client: Redis;

  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.url);
    ({ mailQueue: queue } = await openMailQueue({ queue: { redis: server.url } }));
  });
  afterAll(async () => {
    await queue?.close();
    await client?.quit();
    await server?.stop();
  });

  /** Commands by their names, without what is asked for this. */
  async function commands(ask: () => Promise<unknown>): Promise<number> {
    await client.config('RESETSTAT');
    await ask();
    const info = await client.info('commandstats');
    return [...info.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)]
      .filter(([, name]) => !/^(?:info|config)/.test(name!))
      .reduce((sum, [, , calls]) => sum + Number(calls), 0);
  }

  it('asks little more than with few, and finds the same', async () => {
    const history = new MailHistory(queue.history, queue.store);
    const costs: Record<string, number[]> = {};
    for (const [from, to] of [
      [0, FEW],
      [FEW, MANY],
    ] as const) {
      await fill(queue, from, to);
      for (const [name, query] of Object.entries(QUESTIONS)) {
        let found = 0;
        const cost = await commands(async () => (found = (await history.page(query)).mails.length));
        expect(found, name).toBe(name === 'the newest' ? 50 : 1);
        (costs[name] ??= []).push(cost);
      }
    }
    expect(costs['the newest']![1]).toBe(costs['the newest']![0]);
    expect(costs['the only one that bounced']![1]).toBe(costs['the only one that bounced']![0]);
    // A look at each block's filter, of 1,024 mails, and at the mails of the blocks that may have it.
    for (const name of ['the only one to somebody', 'the only one of a number'])
      expect(costs[name]![1]! - costs[name]![0]!, name).toBeLessThan(1_024 + (MANY / 1_024) * 8);
  });

  it('takes a few bytes a mail beside its outcome', async () => {
    let bytes = 0;
    for (const key of await client.keys('*:history:*')) bytes += (await client.memory('USAGE', key)) as number;
    expect(bytes / MANY).toBeLessThan(64);
  });

  it('pages from end to end without missing any', async () => {
    const seen = new Set<string>();
    let before: number | undefined;
    do {
      const page = await queue.history.find({ terms: [], limit: 5_000, ...(before !== undefined && { before }) });
      for (const { id } of page.found) seen.add(id);
      before = page.next;
    } while (before !== undefined);
    expect(seen.size).toBe(MANY);
  });
});

describe(`with ${FEW * 5} mails on Postgres`, { timeout: 180_000 }, () => {
  it('reads no table from end to end', async () => {
    const url = await postgresUrl();
    const { mailQueue: queue } = await openMailQueue({ queue: { postgres: url, name: `scale-${randomUUID()}` } });
    const client = new pg.Client(url);
    await client.connect();
    try {
      await fill(queue, 0, FEW * 5);
      await client.query('ANALYZE relay.history');
      const scans = async (): Promise<number> => {
        const { rows } = await client.query(
          `SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot(), coalesce(sum(seq_tup_read), 0)::int AS read
           FROM pg_stat_user_tables WHERE schemaname = 'relay' AND relname = 'history'`,
        );
        return rows[0].read as number;
      };
      // What a session has done is told within a second.
      const settled = async (): Promise<number> => {
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        return scans();
      };
      const before = await settled();
      const history = new MailHistory(queue.history, queue.store);
      for (const query of Object.values(QUESTIONS)) expect((await history.page(query)).mails.length).toBeGreaterThan(0);
      expect((await settled()) - before).toBeLessThan(FEW);
    } finally {
      await client.end();
      await queue.close();
    }
  });
});
