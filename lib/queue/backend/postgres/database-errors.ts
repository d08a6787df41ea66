import { MailMessageError } from '../../../errors/mail-message.error.js';
import { DatabaseUnavailableError } from './sql-source.js';

/**
 * SQLSTATE codes, or classes of them, by which a database that is down, full or read-only tells so
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html). The statement had no effect, but where its connection broke nobody
 * knows.
 */
const STATES: readonly (readonly [prefix: string, effect: 'none' | 'unknown'])[] = [
  ['57P03', 'none'], // cannot_connect_now
  ['57P01', 'unknown'], // admin_shutdown
  ['57P02', 'unknown'], // crash_shutdown
  ['57P05', 'unknown'], // idle_session_timeout
  ['25006', 'none'], // read_only_sql_transaction: a standby
  ['08', 'unknown'], // connection_exception
  ['53', 'none'], // insufficient_resources: disk full, out of memory, too many connections
];

/** pg's own messages for a connection that broke or does not answer. */
const BROKEN =
  /^(Query read timeout|Connection terminated|Client has encountered a connection error|Client was closed)/;

/** SQLSTATE codes for characters that PostgreSQL keeps in no JSON: NUL, half a surrogate pair. */
const CHARACTERS: ReadonlySet<string> = new Set(['22P05', '22P02', '22021']);

/** What an error of a statement says of the database, or of the mail; other errors are given back as they are. */
export function statementError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (CHARACTERS.has(code)) {
    return new MailMessageError(
      'mail',
      'holds a character that Postgres cannot keep (NUL, or half of a surrogate pair)',
      {
        cause: error,
      },
    );
  }
  const state = STATES.find(([prefix]) => /^[0-9A-Z]{5}$/.test(code) && code.startsWith(prefix));
  if (state) return new DatabaseUnavailableError(state[1] === 'unknown', error);
  if (BROKEN.test(message) || 'syscall' in error) return new DatabaseUnavailableError(true, error);
  return error;
}
