import { COUNT_DAYS, type Count, type CountStore, MOST_OF_A_DAY } from '../events/count-store.interface.js';
import { STORE_SCHEMA } from './postgres-migrations.js';
import type { RunStatement } from './postgres.outcome-store.js';

/** Counters in Postgres, a row each. */
export class PostgresCountStore implements CountStore {
  readonly #queue: string;
  readonly #run: RunStatement;

  /** @param queue the BullMQ queue's name */
  constructor(queue: string, run: RunStatement) {
    this.#queue = queue;
    this.#run = run;
  }

  async add(counts: readonly Count[]): Promise<void> {
    if (counts.length === 0) return;
    const column = (name: keyof Count): unknown[] => counts.map((one) => one[name]);
    const columns = [
      column('day'),
      column('provider'),
      column('stream'),
      column('tag'),
      column('type'),
      column('count'),
    ];
    await this.#run(ADD, [this.#queue, ...columns]);
  }

  async read(days: readonly string[]): Promise<Count[]> {
    const { rows } = await this.#run(READ, [this.#queue, days]);
    return rows.map((row) => ({
      day: row['day'] as string,
      provider: row['provider'] as string,
      stream: row['stream'] as string,
      tag: row['tag'] as string,
      type: row['type'] as Count['type'],
      count: Number(row['count']),
    }));
  }

  async purge(): Promise<void> {
    await this.#run(PURGE, []);
  }
}

const TABLE = `${STORE_SCHEMA}.daily_count`;

/** Always in one order, so that two processes never wait for each other. */
const ADD = `
WITH given AS (
  SELECT * FROM unnest($2::date[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[])
    AS given (day, provider, stream, tag, type, count)
), full_day AS (
  SELECT day FROM (SELECT DISTINCT day FROM given WHERE tag <> '') AS tagged WHERE (
    SELECT count(*) FROM (SELECT 1 FROM ${TABLE} AS one WHERE queue = $1 AND one.day = tagged.day LIMIT ${MOST_OF_A_DAY}) AS counted
  ) >= ${MOST_OF_A_DAY}
)
INSERT INTO ${TABLE} AS stored (queue, day, provider, stream, tag, type, count)
SELECT $1, day, provider, stream, tag, type, count FROM given
WHERE tag = '' OR day NOT IN (SELECT day FROM full_day)
  OR EXISTS (SELECT 1 FROM ${TABLE} AS own WHERE own.queue = $1
    AND (own.day, own.provider, own.stream, own.tag, own.type) = (given.day, given.provider, given.stream, given.tag, given.type))
ORDER BY day, provider, stream, tag, type
ON CONFLICT (queue, day, provider, stream, tag, type) DO UPDATE SET count = stored.count + excluded.count`;

const READ = `
SELECT to_char(day, 'YYYY-MM-DD') AS day, provider, stream, tag, type, count FROM ${TABLE}
WHERE queue = $1 AND day = ANY ($2::date[])`;

const PURGE = `DELETE FROM ${TABLE} WHERE day < current_date - ${COUNT_DAYS}`;
