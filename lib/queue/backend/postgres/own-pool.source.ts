import type pg from 'pg';
import type { ClientBase, Pool, PoolClient, PoolConfig } from 'pg';
import { within } from '../../within.js';
import { statementError } from './database-errors.js';
import {
  DatabaseUnavailableError,
  QUEUE_SCHEMA,
  type ListenClient,
  type SqlResult,
  type SqlSession,
  type SqlSource,
} from './sql-source.js';

export type Pg = typeof pg;

/** How long a connection may take, in milliseconds. */
const CONNECT = 3_000;

/** What is left to statements under way when the pool ends, in milliseconds. */
const END = 1_000;

/** How long one statement of a migration may take, in milliseconds. */
const SESSION_STATEMENT = 60_000;

/** A pool of the relay's own, made from a URL or pg options. */
export class OwnPoolSource implements SqlSource {
  readonly #driver: Pg;
  readonly #config: PoolConfig;
  readonly #pool: Pool;
  /** Those that are not idle in the pool. */
  readonly #busy = new Set<ClientBase & { end(): Promise<void> }>();

  constructor(driver: Pg, given: PoolConfig, onError: (error: Error) => void) {
    this.#driver = driver;
    this.#config = {
      application_name: 'mail-relay',
      ...given,
      connectionTimeoutMillis: Math.min(given.connectionTimeoutMillis || CONNECT, CONNECT),
      keepAlive: true,
      options: [given.options, `-c search_path=${QUEUE_SCHEMA}`].filter(Boolean).join(' '),
    };
    this.#pool = new driver.Pool(this.#config);
    this.#pool.on('error', onError);
    this.#pool.on('release', (_error, client) => this.#busy.delete(client as never));
  }

  async query(text: string, values: readonly unknown[] | undefined, limit: number): Promise<SqlResult> {
    const start = performance.now();
    const client = await this.#connect();
    const left = Math.max(limit - (performance.now() - start), 1);
    return runAndRelease(client, () =>
      client.query({ text, values: values as unknown[], query_timeout: left } as never),
    );
  }

  async session<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    return runAndRelease(client, () => work(sessionOn(client as never)));
  }

  /** A connection beside the pool, which it would take a place of for good. */
  async listen(): Promise<ListenClient> {
    const client = new this.#driver.Client(this.#config);
    this.#busy.add(client);
    const release = (): void => {
      this.#busy.delete(client);
      client.end().catch(() => {});
    };
    try {
      await client.connect();
    } catch (error) {
      release();
      throw new DatabaseUnavailableError(false, error);
    }
    return Object.assign(client, { release }) as unknown as ListenClient;
  }

  /** Statements under way get a moment; a database that does not answer keeps nobody. */
  async end(): Promise<void> {
    const ended = this.#pool.end().catch(() => {});
    await within(END, ended);
    // pg breaks the connection of a client that is in the middle of something.
    for (const client of this.#busy) void client.end().catch(() => {});
  }

  async #connect(): Promise<PoolClient> {
    try {
      const client = await this.#pool.connect();
      this.#busy.add(client);
      return client;
    } catch (error) {
      throw new DatabaseUnavailableError(false, error);
    }
  }
}

/** No statement waits for ever. */
export function sessionOn(client: { query(query: object): Promise<SqlResult> }): SqlSession {
  return {
    query: (text, values) => client.query({ text, ...(values && { values }), query_timeout: SESSION_STATEMENT }),
  };
}

interface Releasable {
  on(event: 'error', listener: () => void): unknown;
  removeListener(event: 'error', listener: () => void): unknown;
  release(destroy?: boolean): void;
}

/** A client whose connection broke, or that still waits for an answer, is not used again. */
export async function runAndRelease<T>(client: Releasable, work: () => Promise<T>): Promise<T> {
  let broken = false;
  // A pool watches over its idle clients only; the statement's own error says all there is to say.
  client.on('error', ignore);
  try {
    return await work();
  } catch (thrown) {
    const error = statementError(thrown);
    broken = error instanceof DatabaseUnavailableError;
    throw error;
  } finally {
    client.removeListener('error', ignore);
    client.release(broken);
  }
}

function ignore(): void {}
