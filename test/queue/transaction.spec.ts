import { randomUUID } from 'node:crypto';
import { drizzle } from 'drizzle-orm/node-postgres';
import { Pool, type PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import type { MailQueue, MailWorker } from '../../lib/queue/mail-queue.interface.js';
import { openMailQueue } from '../../lib/queue/open-mail-queue.js';
import type { TransactionLike } from '../../lib/queue/transaction-like.js';
import { MailMessageError } from '../../lib/errors/mail-message.error.js';
import { UnsupportedFeatureError } from '../../lib/errors/unsupported-feature.error.js';
import { Recorder } from '../support/recorder.js';
import { postgresUrl, redisUrl } from '../support/servers.js';
import { newMail } from '../support/snapshots.js';

let url: string;
let queue: MailQueue;
let pool: Pool;

beforeAll(async () => {
  url = await postgresUrl();
  queue = (await openMailQueue({ queue: { postgres: url, name: `tx-${randomUUID()}` } })).mailQueue;
  pool = new Pool({ connectionString: url });
  await pool.query('CREATE TABLE customer (name text PRIMARY KEY)');
});
afterAll(async () => {
  await queue.close();
  await pool.end();
});

/** A transaction of one of the libraries; `run` a statement of the application's in it. */
type InTransaction = (
  work: (tx: TransactionLike, run: (sql: string) => Promise<Record<string, unknown>[]>) => Promise<void>,
) => Promise<void>;

interface Library {
  name: string;
  transaction: InTransaction;
  open?(): Promise<void>;
  close?(): Promise<void>;
}

let dataSource: DataSource;

const LIBRARIES: Library[] = [
  {
    name: 'pg',
    transaction: (work) =>
      onClient(async (client) => {
        await client.query('BEGIN');
        try {
          await work(client, async (sql) => (await client.query(sql)).rows as Record<string, unknown>[]);
          await client.query('COMMIT');
        } catch (error) {
          await client.query('ROLLBACK');
          throw error;
        }
      }),
  },
  {
    name: 'TypeORM',
    open: async () => {
      dataSource = await new DataSource({ type: 'postgres', url }).initialize();
    },
    close: () => dataSource.destroy(),
    transaction: (work) => dataSource.transaction((manager) => work(manager, (sql) => manager.query(sql))),
  },
  {
    name: 'Drizzle',
    transaction: (work) =>
      drizzle(pool).transaction((tx) =>
        work(tx, async (sql) => (await tx.execute(sql)).rows as Record<string, unknown>[]),
      ),
  },
];

async function onClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    return await work(client);
  } finally {
    client.release();
  }
}

it('takes the transaction of each library by its type', async () => {
  expectTypeOf<PoolClient>().toExtend<TransactionLike>();
  expectTypeOf<DataSource['manager']>().toExtend<TransactionLike>();
  expectTypeOf<Parameters<Parameters<ReturnType<typeof drizzle>['transaction']>[0]>[0]>().toExtend<TransactionLike>();
});

describe.each(LIBRARIES)('a mail queued in a transaction of $name', ({ transaction, open, close }) => {
  let recorder: Recorder;
  let worker: MailWorker;

  beforeAll(() => open?.());
  afterAll(() => close?.());
  beforeEach(async () => {
    await pool.query('TRUNCATE customer');
    recorder = new Recorder();
    worker = queue.work(recorder.handler(), { concurrency: 1 });
  });
  afterEach(() => worker.close(1_000));

  it('goes when the transaction commits, at once, and not before', async () => {
    const mail = newMail();
    await transaction(async (tx, run) => {
      await run(`INSERT INTO customer VALUES ('ada')`);
      expect(await queue.withTransaction(tx).add(mail)).toEqual({ id: mail.snapshot.id, duplicate: false });
      expect((await queue.withTransaction(tx).find(mail.snapshot.id))?.state).toBe('queued');
      expect(await queue.find(mail.snapshot.id)).toBeNull();
      expect(recorder.jobs).toEqual([]);
    });
    const start = Date.now();
    await recorder.taken(1);
    // Woken, not found by looking every few seconds.
    expect(Date.now() - start).toBeLessThan(2_000);
    expect(recorder.jobs[0]!.snapshot).toEqual(mail.snapshot);
  });

  it('does not go when the transaction rolls back, and leaves no outcome behind', async () => {
    const mails = [newMail(), newMail(), newMail()];
    const rolledBack = transaction(async (tx) => {
      const inside = queue.withTransaction(tx);
      await inside.add(mails[0]!);
      await inside.addMany(mails.slice(1));
      await inside.store.cancel(mails[0]!.snapshot.id);
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    for (const { snapshot } of mails) expect(await queue.find(snapshot.id)).toBeNull();
    expect(await queue.store.load(mails[0]!.snapshot.id)).toBeNull();
    const after = newMail();
    await queue.add(after);
    await recorder.taken(1);
    expect(recorder.ids).toEqual([after.snapshot.id]);
  });

  it('leaves the search path as it was', async () => {
    await transaction(async (tx, run) => {
      await run(`SET LOCAL search_path TO public, "$user"`);
      await queue.withTransaction(tx).add(newMail());
      expect(await run('SHOW search_path')).toEqual([{ search_path: 'public, "$user"' }]);
      await run(`INSERT INTO customer VALUES ('ada')`);
    });
    await recorder.taken(1);
  });

  it('dooms nothing when it cannot be queued', async () => {
    const good = newMail();
    await transaction(async (tx, run) => {
      const inside = queue.withTransaction(tx);
      await run(`INSERT INTO customer VALUES ('ada')`);
      // What PostgreSQL takes in no JSON, wherever it came from.
      const broken = newMail({ from: { address: 'a@acme.test', name: 'NUL \u0000' } });
      await expect(inside.add(broken)).rejects.toThrow(MailMessageError);
      expect(await run('SHOW search_path')).toEqual([{ search_path: '"$user", public' }]);
      await inside.add(good);
    });
    expect((await pool.query('SELECT * FROM customer')).rows).toEqual([{ name: 'ada' }]);
    await recorder.taken(1);
    expect(recorder.ids).toEqual([good.snapshot.id]);
  });

  it('is queued once for one idempotency key, across transactions', async () => {
    const deduplication = { id: randomUUID(), ttl: 60_000 };
    const first = newMail({}, { deduplication });
    await transaction(async (tx) => {
      const inside = queue.withTransaction(tx);
      await inside.add(first);
      expect(await inside.add(newMail({}, { deduplication }))).toEqual({ id: first.snapshot.id, duplicate: true });
    });
    await transaction(async (tx) => {
      expect((await queue.withTransaction(tx).add(newMail({}, { deduplication }))).duplicate).toBe(true);
    });
    await recorder.taken(1);
  });

  it('takes several mails at once, one after the other', async () => {
    const mails = Array.from({ length: 10 }, () => newMail());
    await transaction(async (tx) => {
      await Promise.all(mails.map((mail) => queue.withTransaction(tx).add(mail)));
    });
    await recorder.taken(10);
    expect(new Set(recorder.ids)).toEqual(new Set(mails.map(({ snapshot }) => snapshot.id)));
  });

  it('keeps no other producer and no worker waiting for the commit', async () => {
    const outside = newMail();
    const inside = [newMail(), newMail(), newMail()];
    await transaction(async (tx) => {
      await queue.withTransaction(tx).add(inside[0]!);
      await queue.withTransaction(tx).addMany(inside.slice(1));
      await queue.addMany([outside]);
      await recorder.taken(1);
      expect(recorder.ids).toEqual([outside.snapshot.id]);
    });
    await recorder.taken(4);
  });
});

it('refuses a connection that has no transaction open, and what is no transaction', async () => {
  await onClient(async (client) => {
    const adding = queue.withTransaction(client).add(newMail());
    await expect(adding).rejects.toThrow(MailMessageError);
    await expect(adding).rejects.toThrow(/^tx: .*no transaction open/);
  });
  expect(() => queue.withTransaction({} as never)).toThrow(/^tx: is no transaction/);
});

it('tells of a transaction in another database than the queue', async () => {
  const other = new Pool({ connectionString: await postgresUrl() });
  const client = await other.connect();
  await client.query('BEGIN');
  await expect(queue.withTransaction(client).add(newMail())).rejects.toThrow(/another database/);
  client.release();
  await other.end();
});

it('says that nothing is queued when the transaction loses its connection', async () => {
  const client = await pool.connect();
  client.on('error', () => {});
  await client.query('BEGIN');
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const ended = new Promise((resolve) => client.once('end', resolve));
  await pool.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid]);
  await ended;
  await expect(queue.withTransaction(client).add(newMail())).rejects.toMatchObject({
    name: 'QueueUnavailableError',
    stored: false,
  });
  client.release(true);
});

it('is not to be had on Redis and the embedded queue', async () => {
  for (const options of [{ redis: await redisUrl() }, { embedded: true } as const]) {
    const { mailQueue } = await openMailQueue({ queue: options });
    expect(() => mailQueue.withTransaction({ query: async () => ({ rows: [] }) })).toThrow(UnsupportedFeatureError);
    await mailQueue.close();
  }
});
