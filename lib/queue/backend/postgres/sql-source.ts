import type { EventEmitter } from 'node:events';

/** What a statement gives; as pg has it. */
export interface SqlResult {
  rows: Record<string, unknown>[];
}

/** One connection, as pg's client. */
export interface SqlSession {
  query(text: string, values?: readonly unknown[]): Promise<SqlResult>;
}

/** A connection that is kept for LISTEN. */
export interface ListenClient
  extends SqlSession, Pick<EventEmitter, 'on' | 'emit' | 'removeListener' | 'removeAllListeners'> {
  release(destroy?: boolean): void;
}

/** A database: a pool of our own, the application's, its transaction, or PGlite. Unqualified names are found in {@link QUEUE_SCHEMA}. */
export interface SqlSource {
  /**
   * One statement.
   *
   * @param limit milliseconds, for all of it
   * @throws DatabaseUnavailableError
   */
  query(text: string, values: readonly unknown[] | undefined, limit: number): Promise<SqlResult>;
  /** Several statements on one connection; the search path is whatever it is. */
  session<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  listen(): Promise<ListenClient>;
  end(): Promise<void>;
}

/** Where BullMQ keeps its tables. */
export const QUEUE_SCHEMA = 'bullmq';

/** The database cannot be reached, or refuses to write. BullMQ knows a lost connection by this very message, and tries again. */
export class DatabaseUnavailableError extends Error {
  /** `false`: the statement had no effect. `true`: nobody knows. */
  readonly sent: boolean;

  constructor(sent: boolean, cause: unknown) {
    super('Connection is closed.', { cause });
    this.name = new.target.name;
    this.sent = sent;
  }
}
