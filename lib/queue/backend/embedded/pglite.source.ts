import { EventEmitter } from 'node:events';
import type { PGlite } from '@electric-sql/pglite';
import { statementError } from '../postgres/database-errors.js';
import {
  QUEUE_SCHEMA,
  type ListenClient,
  type SqlResult,
  type SqlSession,
  type SqlSource,
} from '../postgres/sql-source.js';

/** PGlite: the one connection of a Postgres in this process, which takes one statement after the other. */
export class PgliteSource implements SqlSource {
  readonly #db: PGlite;

  constructor(db: PGlite) {
    this.#db = db;
  }

  async query(text: string, values: readonly unknown[] | undefined): Promise<SqlResult> {
    try {
      return await this.#db.query<Record<string, unknown>>(text, values as unknown[] | undefined);
    } catch (error) {
      throw statementError(error);
    }
  }

  /** For migrations: nothing else runs before they are through. */
  async session<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    await this.#db.exec(`SET search_path TO ${QUEUE_SCHEMA}`);
    return work({
      // Without values there may be several statements, which `query` does not take.
      query: async (text, values) =>
        values ? this.query(text, values) : ((await this.#db.exec(text)).at(-1) as SqlResult),
    });
  }

  async listen(): Promise<ListenClient> {
    return new PgliteListenClient(this.#db);
  }

  async end(): Promise<void> {
    await this.#db.close();
  }
}

class PgliteListenClient extends EventEmitter implements ListenClient {
  readonly #db: PGlite;
  readonly #unlisten: (() => Promise<void>)[] = [];

  constructor(db: PGlite) {
    super();
    this.#db = db;
  }

  /** BullMQ's statements begin with comments. */
  async query(text: string, values?: readonly unknown[]): Promise<SqlResult> {
    const channel = /^\s*(?:--[^\n]*\n\s*)*LISTEN\s+(\w+)/i.exec(text)?.[1];
    if (!channel) return this.#db.query<Record<string, unknown>>(text, values as unknown[] | undefined);
    this.#unlisten.push(await this.#db.listen(channel, (payload) => this.emit('notification', { channel, payload })));
    return { rows: [] };
  }

  release(): void {
    this.removeAllListeners();
    if (!this.#db.closed) for (const unlisten of this.#unlisten.splice(0)) unlisten().catch(() => {});
  }
}
