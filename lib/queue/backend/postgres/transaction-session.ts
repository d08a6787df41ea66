import { MailMessageError } from '../../../errors/mail-message.error.js';
import type { TransactionLike } from '../../transaction-like.js';
import type { SqlSession } from './sql-source.js';

type Rows = Record<string, unknown>[];

/** How each library runs a statement in its transaction, and what it gives back. Looked through in this order. */
const LIBRARIES: readonly { is(tx: object): boolean; session(tx: never): SqlSession }[] = [
  {
    // Prisma: an array of rows.
    is: (tx) => '$queryRawUnsafe' in tx,
    session: (tx: { $queryRawUnsafe(text: string, ...values: unknown[]): PromiseLike<Rows> }) => ({
      query: async (text, values = []) => ({ rows: await tx.$queryRawUnsafe(text, ...values) }),
    }),
  },
  {
    // Drizzle: what the driver gives, rows or an object with rows. Statement and values go in as the one thing that it asks of an `sql`.
    is: (tx) => 'execute' in tx && 'rollback' in tx,
    session: (tx: { execute(query: object): PromiseLike<Rows | { rows: Rows }> }) => ({
      query: async (text, values = []) => {
        const result = await tx.execute({ getSQL: () => ({ toQuery: () => ({ sql: text, params: values }) }) });
        return Array.isArray(result) ? { rows: result } : result;
      },
    }),
  },
  {
    // TypeORM: bare rows.
    is: (tx) => 'getRepository' in tx && 'query' in tx,
    session: (tx: { query(text: string, values?: readonly unknown[]): Promise<Rows> }) => ({
      query: async (text, values) => ({ rows: await tx.query(text, values) }),
    }),
  },
  {
    // pg, and what is used like it.
    is: (tx) => typeof (tx as { query?: unknown }).query === 'function',
    session: (tx: SqlSession) => ({ query: (text, values) => tx.query(text, values) }),
  },
];

/**
 * Statements in a transaction of the application's.
 *
 * @throws MailMessageError when it is none that we know
 */
export function transactionSession(tx: TransactionLike): SqlSession {
  const library = typeof tx === 'object' && tx !== null && LIBRARIES.find(({ is }) => is(tx));
  if (!library) {
    throw new MailMessageError(
      'tx',
      `is no transaction. Give pg's client, TypeORM's EntityManager, Drizzle's or Prisma's tx`,
    );
  }
  const session = library.session(tx as never);
  return {
    async query(text, values) {
      try {
        return await session.query(text, values);
      } catch (error) {
        throw driverError(error);
      }
    },
  };
}

/** Drizzle and Prisma wrap the driver's error, by whose code BullMQ goes. */
function driverError(error: unknown): unknown {
  const cause = (error as { cause?: { code?: unknown } } | null)?.cause;
  return typeof cause?.code === 'string' ? cause : error;
}
