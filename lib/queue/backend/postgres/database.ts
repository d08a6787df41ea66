import { setTimeout as delay } from 'node:timers/promises';
import { assertSchemaCompatibility, LATEST_SCHEMA_VERSION, runMigrations, SchemaMigrationRequiredError } from 'bullmq';
import { QueueUnavailableError } from '../../../errors/queue-unavailable.error.js';
import { migrateStore } from '../../../store/postgres-migrations.js';
import { Deferred } from '../../deferred.js';
import type { OutageLog } from '../../outage-log.js';
import { within } from '../../within.js';
import { OpenCalls } from '../open-calls.js';
import {
  DatabaseUnavailableError,
  QUEUE_SCHEMA,
  type ListenClient,
  type SqlResult,
  type SqlSession,
  type SqlSource,
} from './sql-source.js';

/** How long a producer waits for its statement, and for the first connection, in milliseconds. */
export const PRODUCER_LIMIT = 4_000;

/** A worker has nobody who waits for it, and must not give up a job that the database has just handed out. */
export const WORKER_LIMIT = 10_000;

/** A database with the queue's and the store's schemas in it, as soon as it can be reached. */
export class Database {
  /** Resolves when the schemas are there. It never rejects: a database that is down is tried again until it is up. */
  readonly ready: Promise<void>;
  readonly #source: SqlSource;
  readonly #outage: OutageLog;
  readonly #opened = new Deferred();
  readonly #calls = new OpenCalls();
  readonly #giveUpAt = Date.now() + PRODUCER_LIMIT;
  #isReady = false;
  #closed = false;

  constructor(source: SqlSource, outage: OutageLog) {
    this.#source = source;
    this.#outage = outage;
    this.ready = this.#opened.promise;
    void this.#prepare();
  }

  async query(text: string, values: readonly unknown[] | undefined, limit: number): Promise<SqlResult> {
    if (this.#closed) throw isClosed();
    try {
      const result = await this.#source.query(text, values, limit);
      this.#outage.up();
      return result;
    } catch (error) {
      if (error instanceof DatabaseUnavailableError && !this.#closed) this.#outage.down(error.cause as Error);
      throw error;
    }
  }

  /** A connection that comes after the end is given back at once: nobody would ever do so, and the application could not end its pool. */
  async listen(): Promise<ListenClient> {
    if (this.#closed) throw isClosed();
    const client = await this.#source.listen();
    if (!this.#closed) return bounded(client);
    client.release(true);
    throw isClosed();
  }

  /** Awaits a call to the queue or the store. @throws QueueUnavailableError */
  call<T>(work: () => Promise<T>): Promise<T> {
    return this.#calls.run(async () => {
      if (!this.#isReady) await this.#wait();
      try {
        return await work();
      } catch (error) {
        throw error instanceof DatabaseUnavailableError ? unavailable(error) : error;
      }
    });
  }

  /** Takes no more calls, and waits for those under way. */
  finish(): Promise<void> {
    return this.#calls.close();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#opened.resolve();
    await this.#source.end();
  }

  async #prepare(): Promise<void> {
    for (let wait = 100; !this.#closed; wait = Math.min(wait * 2, 2_000)) {
      try {
        await this.#source.session(migrate);
        this.#isReady = true;
        this.#outage.up();
        this.#opened.resolve();
        return;
      } catch (error) {
        const cause = error instanceof DatabaseUnavailableError ? error.cause : error;
        if (!this.#closed) this.#outage.down(cause as Error);
      }
      await delay(wait, undefined, { ref: false });
    }
  }

  async #wait(): Promise<void> {
    const patience = this.#giveUpAt - Date.now();
    if (patience > 0) await within(patience, this.ready);
    if (!this.#isReady) throw unavailable(new DatabaseUnavailableError(false, undefined));
  }
}

/** BullMQ waits for its LISTEN without end: a connection that goes silent before it answers is given up, and BullMQ takes another. */
function bounded(client: ListenClient): ListenClient {
  const query = client.query.bind(client);
  client.query = async (text, values) => {
    const answer = query(text, values);
    if (await within(WORKER_LIMIT, answer)) return answer;
    answer.catch(() => {});
    const silent = new DatabaseUnavailableError(true, new Error(`No answer to LISTEN within ${WORKER_LIMIT} ms`));
    client.emit('error', silent);
    throw silent;
  };
  return client;
}

function isClosed(): DatabaseUnavailableError {
  return new DatabaseUnavailableError(false, new Error('The queue is closed'));
}

function unavailable({ sent, cause }: DatabaseUnavailableError): QueueUnavailableError {
  return sent
    ? new QueueUnavailableError('unknown', `The queue's database did not answer; the mail may have been queued`, {
        cause,
      })
    : new QueueUnavailableError(false, `Not queued: the queue's database cannot be reached or written to`, { cause });
}

/** Reads first, so that a database user without the right to create anything will do once the schemas are there. */
async function migrate(session: SqlSession): Promise<void> {
  const version = await assertSchemaCompatibility(session as never, QUEUE_SCHEMA).catch((error: unknown) => {
    if (error instanceof SchemaMigrationRequiredError || (error as { code?: string }).code === '3F000') return 0;
    throw error;
  });
  if (version < LATEST_SCHEMA_VERSION) await runMigrations(session as never, QUEUE_SCHEMA);
  await migrateStore(session);
}
