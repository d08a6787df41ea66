import { PostgresConnection, PostgresQueueBackend } from 'bullmq';
import type { AnyBackendFactory } from '../queue-backend.js';
import type { ListenClient, SqlResult } from './sql-source.js';

/** What BullMQ needs of a database. */
export interface QueueDatabase {
  /** When the schemas are there. */
  readonly ready: Promise<void>;
  query(text: string, values: readonly unknown[] | undefined, limit: number): Promise<SqlResult>;
  listen(): Promise<ListenClient>;
}

/** BullMQ's Postgres backend on a database that stays ours: it neither migrates nor closes it. @param limit of a statement, in milliseconds */
export function backendOn(database: QueueDatabase, limit: number): never {
  const factory: AnyBackendFactory = (name, options, { withBlockingConnection = false } = {}) =>
    new PostgresQueueBackend(
      new QueueConnection(database, limit),
      name,
      options as never,
      true,
      withBlockingConnection ? name : undefined,
    ) as never;
  return factory as never;
}

/**
 * BullMQ's own would reject for ever when the database is down at its start, and would trust its LISTEN connection for an hour. This
 * one waits, and looks for jobs every few seconds even if notifications get lost.
 */
class QueueConnection extends PostgresConnection {
  readonly #ready: Promise<void>;

  constructor(database: QueueDatabase, limit: number) {
    super({
      query: (text: string, values?: readonly unknown[]) => database.query(text, values, limit),
      connect: () => database.listen(),
      end: async () => {},
      on() {
        return this;
      },
      removeAllListeners() {
        return this;
      },
    } as never);
    this.#ready = database.ready;
  }

  override waitUntilReady(): Promise<void> {
    return this.#ready;
  }

  override get hasListenClientKeepAlive(): boolean {
    return false;
  }
}
