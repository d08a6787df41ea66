import { within } from '../../within.js';
import { statementError } from './database-errors.js';
import { runAndRelease, sessionOn } from './own-pool.source.js';
import {
  DatabaseUnavailableError,
  QUEUE_SCHEMA,
  type ListenClient,
  type SqlResult,
  type SqlSession,
  type SqlSource,
} from './sql-source.js';

/** The application's pool: pg's, or anything that is used like it. */
export interface GivenPool {
  connect(): Promise<GivenClient>;
  query: unknown;
}

export interface GivenClient extends ListenClient {
  query(query: string | object, values?: readonly unknown[]): Promise<SqlResult>;
}

interface Waiting {
  text: string;
  values: readonly unknown[] | undefined;
  /** By the clock of `performance`. */
  deadline: number;
  resolve(result: SqlResult): void;
  fail(error: unknown): void;
}

/**
 * How many of the application's connections the relay uses at once. While statements wait, each goes on with the next one, so that its
 * search path is set and put back once for many.
 */
const MOST = 4;
const CONNECT = 3_000;

/** The application's own pool. A connection goes back with the search path it came with; the pool is never closed. */
export class GivenPoolSource implements SqlSource {
  readonly #pool: GivenPool;
  readonly #waiting: Waiting[] = [];
  readonly #listening = new Set<ListenClient>();
  #leases = 0;

  constructor(pool: GivenPool) {
    this.#pool = pool;
  }

  query(text: string, values: readonly unknown[] | undefined, limit: number): Promise<SqlResult> {
    const deadline = performance.now() + limit;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, values, deadline, resolve, fail: reject });
      if (this.#leases < MOST) void this.#lease();
    });
  }

  async session<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    return runAndRelease(client, () => work(sessionOn(client)));
  }

  async listen(): Promise<ListenClient> {
    const client = await this.#connect();
    const release = client.release.bind(client);
    this.#listening.add(client);
    client.release = (destroy) => {
      if (this.#listening.delete(client)) release(destroy);
    };
    return client;
  }

  /** The application could not end its pool as long as one of its connections is out. */
  async end(): Promise<void> {
    for (const client of this.#listening) client.release(true);
  }

  /** Works off what waits on one connection. */
  async #lease(): Promise<void> {
    this.#leases++;
    try {
      const client = await this.#connect();
      await runAndRelease(client, () => this.#withSearchPath(client, () => this.#workOff(client)));
    } catch (error) {
      // Those that still wait have waited as long as the one that failed, and were not sent.
      for (const { fail } of this.#waiting.splice(0)) fail(new DatabaseUnavailableError(false, error));
    } finally {
      this.#leases--;
      // What came while the search path was being put back found no lease to be had.
      if (this.#waiting.length > 0) void this.#lease();
    }
  }

  async #withSearchPath(client: GivenClient, work: () => Promise<void>): Promise<void> {
    const { rows } = await client.query(SET_PATH, [QUEUE_SCHEMA]);
    await work();
    await client.query(RESTORE_PATH, [rows[0]!['was']]);
  }

  async #workOff(client: GivenClient): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const { text, values, deadline, resolve, fail } = next;
      const left = deadline - performance.now();
      if (left <= 0) {
        fail(new DatabaseUnavailableError(false, new Error("The application's pool is too busy")));
        continue;
      }
      try {
        resolve(await client.query({ text, values, query_timeout: left }));
      } catch (thrown) {
        const error = statementError(thrown);
        fail(error);
        if (error instanceof DatabaseUnavailableError) throw error;
      }
    }
  }

  async #connect(): Promise<GivenClient> {
    const client = this.#pool.connect();
    try {
      if (await within(CONNECT, client)) return await client;
    } catch (error) {
      throw new DatabaseUnavailableError(false, error);
    }
    client.then((tooLate) => tooLate.release()).catch(() => {});
    throw new DatabaseUnavailableError(
      false,
      new Error(`No connection from the application's pool within ${CONNECT} ms`),
    );
  }
}

/** The select list is worked out from left to right: first what it was. */
const SET_PATH = `SELECT current_setting('search_path') AS was, set_config('search_path', $1, false)`;
const RESTORE_PATH = `SELECT set_config('search_path', $1, false)`;
