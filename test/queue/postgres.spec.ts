import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Pool, type PoolClient, type PoolConfig } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { MailQueue } from '../../lib/queue/mail-queue.interface.js';
import { openMailQueue } from '../../lib/queue/open-mail-queue.js';
import { LogRecorder } from '../support/log-recorder.js';
import { startPostgres } from '../support/postgres.js';
import { Producer } from '../support/producer.js';
import { eventually, Recorder } from '../support/recorder.js';
import { postgresUrl } from '../support/servers.js';
import { newMail } from '../support/snapshots.js';

const opened: MailQueue[] = [];
const open = async (postgres: string | object, logger = new LogRecorder()): Promise<MailQueue> => {
  const { mailQueue } = await openMailQueue({ queue: { postgres, name: `pg-${randomUUID()}` }, logger });
  opened.push(mailQueue);
  return mailQueue;
};
afterEach(async () => {
  await Promise.all(opened.splice(0).map((queue) => queue.close()));
});

/** Queues mails, works on them, and looks them up. */
async function works(queue: MailQueue, count = 3): Promise<void> {
  const mails = Array.from({ length: count }, () => newMail());
  await queue.add(mails[0]!);
  await queue.addMany(mails.slice(1));
  const recorder = new Recorder();
  const worker = queue.work(
    recorder.handler(async ({ snapshot: { id }, extendLock }) => {
      expect(await Promise.all([extendLock(), queue.store.begin(id, Date.now(), 0, 'main')])).toEqual([true, 'go']);
      await queue.store.save(id, { messageId: '<x>', recipients: [{ address: 'a@acme.test', state: 'sent', at: 1 }] });
      return { type: 'done' };
    }),
    { concurrency: 10 },
  );
  await recorder.taken(count);
  await worker.close(2_000);
  for (const { snapshot } of mails) {
    expect(await queue.find(snapshot.id)).toBeNull();
    expect((await queue.store.load(snapshot.id))?.recipients[0]?.state).toBe('sent');
  }
}

describe('a Postgres may be given as', () => {
  let url: string;
  beforeAll(async () => {
    url = await postgresUrl();
  });

  it('a URL', async () => {
    await works(await open(url));
  });

  it('options of pg', async () => {
    const { hostname, port, pathname } = new URL(url);
    const options = { host: hostname, port: Number(port), user: 'postgres', database: pathname.slice(1), max: 2 };
    await works(await open({ ...options, options: '-c statement_timeout=60000' }));
  });

  describe("the application's pool", () => {
    let pool: Pool;
    beforeAll(() => {
      // As applications do: a schema of their own on every connection.
      const onConnect = async (client: { query(text: string): Promise<unknown> }): Promise<void> => {
        await client.query('SET search_path TO app, public');
      };
      pool = new Pool({ connectionString: url, max: 3, onConnect } as PoolConfig);
    });
    afterAll(() => pool.end());

    it('whose search path is left alone, on every connection, however busy the queue is', async () => {
      await pool.query('CREATE SCHEMA app; CREATE TABLE app.customer (name text)');
      const queue = await open(pool);
      const done = new AbortController();
      let asked = 0;
      const application = (async () => {
        while (!done.signal.aborted) {
          const { rows } = await pool.query('SELECT current_setting($1) AS path, count(*)::int FROM customer', [
            'search_path',
          ]);
          expect(rows).toEqual([{ path: 'app, public', count: 0 }]);
          asked++;
        }
      })();
      await works(queue, 100);
      done.abort();
      await application;
      expect(asked).toBeGreaterThan(10);
    });

    it('over which every call gets through, also one that comes as the connections are on their way back', async () => {
      const slow = new Pool({ connectionString: url, max: 6 });
      const connect = async (): Promise<PoolClient> => {
        const client = await slow.connect();
        const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
        const restoring = (text: unknown): boolean => typeof text === 'string' && !text.includes('current_setting');
        return Object.assign(client, {
          query: async (...args: unknown[]) => {
            if (restoring(args[0])) await sleep(50);
            return query(...args);
          },
        });
      };
      const queue = await open({ connect, query: slow.query.bind(slow) });
      await queue.find('nobody');
      for (let burst = 1; burst < 9; burst++) {
        await Promise.all(Array.from({ length: burst }, () => queue.store.load('nobody')));
        expect(await queue.store.load('nobody')).toBeNull();
      }
      await queue.close();
      await slow.end();
    });

    it('which is not closed with the queue, and gets all its connections back', async () => {
      const queue = await open(pool);
      await works(queue);
      // Not even the worker was closed.
      queue.work(new Recorder().handler(), { concurrency: 1 });
      await queue.add(newMail());
      await eventually(
        async () => pool.totalCount - pool.idleCount,
        (out) => out > 0,
      );
      await queue.close();
      await eventually(
        async () => pool.totalCount - pool.idleCount,
        (out) => out === 0,
      );
      expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    });

    it('which gets back a connection, too, that comes only when the queue is closed', async () => {
      const slow = new Pool({ connectionString: url, max: 4 });
      const late: Promise<unknown>[] = [];
      let isSlow = false;
      const connect = async (): Promise<PoolClient> => {
        const held = isSlow;
        const client = await slow.connect();
        if (held) late.push(sleep(100));
        await late.at(-1);
        return client;
      };
      const queue = await open({ connect, query: slow.query.bind(slow) });
      await queue.add(newMail());
      isSlow = true;
      queue.work(new Recorder().handler(), { concurrency: 1 });
      await eventually(
        async () => late.length,
        (count) => count > 0,
      );
      await queue.close();
      await Promise.all(late);
      await eventually(
        async () => slow.totalCount - slow.idleCount,
        (out) => out === 0,
      );
      await slow.end();
    });

    it('of one connection more than the worker listens on', async () => {
      const small = new Pool({ connectionString: url, max: 2 });
      const queue = await open(small);
      await works(queue, 20);
      await queue.close();
      await small.end();
    });

    it('or what is used like one', async () => {
      await works(await open({ connect: () => pool.connect(), query: pool.query.bind(pool) }));
    });
  });
});

describe('the schemas on Postgres', () => {
  it('are made once, by however many processes start together', async () => {
    const url = await postgresUrl();
    const queues = await Promise.all(Array.from({ length: 6 }, () => open(url)));
    await Promise.all(queues.map((queue) => queue.add(newMail())));
    const client = new Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query('SELECT version FROM relay.migration');
    expect(rows.length).toBeGreaterThan(0);
    expect(rows).toEqual(rows.map((_, index) => ({ version: index + 1 })));
    await client.end();
  });

  it('ask for no right to the database once they are there', async () => {
    const url = await postgresUrl();
    await (await open(url)).add(newMail());
    const admin = new Client({ connectionString: url });
    await admin.connect();
    const user = `app_${randomUUID().replaceAll('-', '')}`;
    await admin.query(`CREATE USER ${user}; REVOKE CREATE ON DATABASE ${new URL(url).pathname.slice(1)} FROM PUBLIC`);
    for (const schema of ['bullmq', 'relay']) {
      // BullMQ makes a sequence for each queue.
      await admin.query(`GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${user}`);
      await admin.query(`GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${user}`);
      await admin.query(`GRANT ALL ON ALL SEQUENCES IN SCHEMA ${schema} TO ${user}`);
    }
    await admin.end();
    const restricted = new URL(url);
    restricted.username = user;
    await works(await open(restricted.href));
  });

  it('that cannot be made are told of, and mails are refused meanwhile', async () => {
    const url = await postgresUrl();
    const admin = new Client({ connectionString: url });
    await admin.connect();
    const user = `app_${randomUUID().replaceAll('-', '')}`;
    const database = new URL(url).pathname.slice(1);
    await admin.query(`CREATE USER ${user}`);
    const restricted = new URL(url);
    restricted.username = user;
    const logger = new LogRecorder();
    const queue = await open(restricted.href, logger);
    await expect(queue.add(newMail())).rejects.toMatchObject({ name: 'QueueUnavailableError', stored: false });
    expect(logger.lines).toEqual([expect.stringMatching(/permission denied for database/)]);
    await admin.query(`GRANT CREATE ON DATABASE ${database} TO ${user}`);
    await admin.end();
    await eventually(
      () => queue.add(newMail()).catch(() => null),
      (added) => added !== null,
    );
  });
});

it('forgets expired outcomes, and no others', async () => {
  const url = await postgresUrl();
  const queue = await open(url);
  await queue.store.cancel('old');
  await queue.store.cancel('new');
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`UPDATE relay.outcome SET expires_on = current_date - 1 WHERE id = 'old'`);
  const worker = queue.work(new Recorder().handler(), { concurrency: 1 });
  await eventually(
    () => queue.store.load('old'),
    (record) => record === null,
  );
  expect(await queue.store.load('new')).toMatchObject({ cancelled: true });
  await worker.close(1_000);
  await client.end();
});

it('takes up where it was when the server is killed and started again', async () => {
  const server = await startPostgres();
  const queue = await open(server.url);
  const recorder = new Recorder();
  const worker = queue.work(recorder.handler(), { concurrency: 5 });
  const producer = new Producer(queue);
  await recorder.taken(50);
  await server.kill();
  await server.restart();
  await recorder.taken(recorder.jobs.length + 50);
  await producer.stop();
  await eventually(
    async () => new Set(recorder.ids),
    (ids) => producer.accepted.every((id) => ids.has(id)),
  );
  await worker.close(2_000);
  await queue.close();
  await server.stop();
});
