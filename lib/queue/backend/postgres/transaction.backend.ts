import { Queue } from 'bullmq';
import { MailMessageError } from '../../../errors/mail-message.error.js';
import { QueueUnavailableError } from '../../../errors/queue-unavailable.error.js';
import type { MailSnapshot } from '../../../mail/mail-snapshot.interface.js';
import type { CountStore } from '../../../events/count-store.interface.js';
import type { HistoryStore } from '../../../history/history-store.interface.js';
import type { TimelineStore } from '../../../events/timeline-store.interface.js';
import type { SharedStore } from '../../../shared-store.interface.js';
import type { SuppressionStore } from '../../../suppression/suppression-store.interface.js';
import { PostgresOutcomeStore } from '../../../store/postgres.outcome-store.js';
import type { QueueInspection } from '../../queue-inspection.interface.js';
import type { BlobStore } from '../../blob-store.interface.js';
import type { TransactionLike } from '../../transaction-like.js';
import type { QueueBackend, SnapshotQueue, TaskBackend, WorkerHandle } from '../queue-backend.js';
import { statementError } from './database-errors.js';
import { PRODUCER_LIMIT } from './database.js';
import { backendOn, type QueueDatabase } from './queue-connection.js';
import {
  DatabaseUnavailableError,
  QUEUE_SCHEMA,
  type ListenClient,
  type SqlResult,
  type SqlSession,
} from './sql-source.js';
import { transactionSession } from './transaction-session.js';

/** The queue as part of a transaction of the application's: what it writes is there if and only if that commits. */
export class TransactionBackend implements QueueBackend {
  readonly name = 'postgres';
  readonly queue: SnapshotQueue;
  readonly store: PostgresOutcomeStore;
  readonly shared: SharedStore;
  readonly timeline: TimelineStore;
  readonly counts: CountStore;
  readonly tasks: TaskBackend;
  readonly suppressions: SuppressionStore;
  readonly blobs: BlobStore;
  readonly history: HistoryStore;
  readonly inspection: QueueInspection;
  readonly #outer: QueueBackend;
  readonly #ready: () => Promise<void>;
  readonly #database: TransactionDatabase;

  /**
   * @param ready until all is there that must not be made in the transaction
   * @throws MailMessageError when `tx` is no transaction
   */
  constructor(outer: QueueBackend, tx: TransactionLike, ready: () => Promise<void>, retention?: number) {
    this.#outer = outer;
    this.#ready = ready;
    this.#database = new TransactionDatabase(tx);
    this.shared = outer.shared;
    this.timeline = outer.timeline;
    this.counts = outer.counts;
    this.tasks = outer.tasks;
    this.suppressions = outer.suppressions;
    this.blobs = outer.blobs;
    this.history = outer.history;
    this.inspection = outer.inspection;
    const { name } = outer.queue;
    // No job without an id of ours: BullMQ's counter would hold up all other producers until the commit.
    const options = { connection: {}, skipMetasUpdate: true };
    this.queue = new Queue<MailSnapshot>(name, options, backendOn(this.#database, PRODUCER_LIMIT)) as never;
    this.store = new PostgresOutcomeStore(
      name,
      (text, values) => this.call(() => this.#database.query(text, values)),
      retention,
    );
  }

  async call<T>(work: () => Promise<T>): Promise<T> {
    await this.#ready();
    try {
      return await work();
    } catch (thrown) {
      const error = statementError(thrown);
      // Whatever became of the statement: a transaction that has lost its connection does not commit.
      if (error instanceof DatabaseUnavailableError) {
        throw new QueueUnavailableError(false, 'Not queued: the transaction has lost its database', {
          cause: error.cause,
        });
      }
      throw WRONG[(error as { code?: string }).code ?? '']?.(error) ?? error;
    }
  }

  state(id: string): Promise<string> {
    return this.queue.getJobState(id);
  }

  async due(id: string): Promise<number | undefined> {
    return this.#outer.due(id);
  }

  createWorker(): WorkerHandle {
    throw new TypeError('A queue in a transaction has no workers');
  }

  withTransaction(tx: TransactionLike): QueueBackend {
    return this.#outer.withTransaction(tx);
  }

  async close(): Promise<void> {}
}

/** SQLSTATE codes of a `tx` that will not do. */
const WRONG: Readonly<Record<string, (cause: unknown) => Error>> = {
  '25P01': (cause) =>
    new MailMessageError('tx', 'is a connection with no transaction open. Begin one first', { cause }),
  '3F000': (cause) => new MailMessageError('tx', OTHER_DATABASE, { cause }),
  '42883': (cause) => new MailMessageError('tx', OTHER_DATABASE, { cause }),
  '42P01': (cause) => new MailMessageError('tx', OTHER_DATABASE, { cause }),
};

const OTHER_DATABASE = `is a transaction in another database than the queue's (there are no tables of the queue in it)`;

/** Each statement in a savepoint, so that its failure leaves the transaction as it was, and with the search path put back. */
class TransactionDatabase implements QueueDatabase {
  readonly ready = Promise.resolve();
  readonly #tx: TransactionLike;
  readonly #session: SqlSession;

  constructor(tx: TransactionLike) {
    this.#tx = tx;
    this.#session = transactionSession(tx);
  }

  /** One after the other: savepoints of several sends at once would get mixed up. */
  query(text: string, values?: readonly unknown[]): Promise<SqlResult> {
    const turn = (LAST.get(this.#tx) ?? Promise.resolve()).then(() => this.#inSavepoint(text, values));
    LAST.set(this.#tx, turn.catch(() => {})); // prettier-ignore
    return turn;
  }

  listen(): Promise<ListenClient> {
    return Promise.reject(new TypeError('A queue in a transaction has no workers'));
  }

  async #inSavepoint(text: string, values?: readonly unknown[]): Promise<SqlResult> {
    await this.#session.query('SAVEPOINT nestjs_mail_relay');
    try {
      const { rows } = await this.#session.query(SET_PATH, [QUEUE_SCHEMA]);
      const result = await this.#session.query(text, values);
      await this.#session.query(RESTORE_PATH, [rows[0]!['was']]);
      await this.#session.query('RELEASE SAVEPOINT nestjs_mail_relay');
      return result;
    } catch (error) {
      // This takes the search path back as well. Where even that fails, the first error is the one to tell.
      await this.#session
        .query('ROLLBACK TO SAVEPOINT nestjs_mail_relay')
        .then(() => this.#session.query('RELEASE SAVEPOINT nestjs_mail_relay'))
        .catch(() => {});
      throw error;
    }
  }
}

/** The last statement of each transaction. */
const LAST = new WeakMap<object, Promise<unknown>>();

/** `true`: until the transaction ends. */
const SET_PATH = `SELECT current_setting('search_path') AS was, set_config('search_path', $1, true)`;
const RESTORE_PATH = `SELECT set_config('search_path', $1, true)`;
