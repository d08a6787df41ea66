import { RETENTION } from '../delivery/outcome-store.interface.js';
import {
  type HistoryChanges,
  type HistoryFind,
  type HistoryQuery,
  type HistoryStore,
  MOST_CHANGES,
  type NotedMail,
} from '../history/history-store.interface.js';
import { STORE_SCHEMA } from './postgres-migrations.js';
import type { RunStatement } from './postgres.outcome-store.js';

/** The history in Postgres, a row a mail. A state is a term as well, so that one index serves all. */
export class PostgresHistoryStore implements HistoryStore {
  readonly #queue: string;
  readonly #run: RunStatement;
  readonly #days: number;

  /** @param queue the BullMQ queue's name @param retention in milliseconds */
  constructor(queue: string, run: RunStatement, retention = RETENTION) {
    this.#queue = queue;
    this.#run = run;
    this.#days = Math.ceil(retention / 86_400_000) + 1;
  }

  async note(mails: readonly NotedMail[]): Promise<void> {
    const terms = mails.map((mail) =>
      JSON.stringify([...new Set([...mail.terms, ...mail.states.map(stateTerm)].map(storable))]),
    );
    await this.#run(NOTE, [this.#queue, this.#days, mails.map(({ id }) => id), terms]);
    const told = mails.slice(-MOST_CHANGES).map(({ id }) => id);
    await this.#run(TELL, [this.#queue, told]);
  }

  async find({ terms, state, before, limit }: HistoryQuery): Promise<HistoryFind> {
    const wanted = [...terms, ...(state === undefined ? [] : [stateTerm(state)])].map(storable);
    const values = [this.#queue, before ?? null, limit + 1];
    const { rows } = wanted.length === 0 ? await this.#run(LATEST, values) : await this.#run(FIND, [...values, wanted]);
    const found = rows.map((row) => ({ id: row['id'] as string, place: Number(row['place']) }));
    if (found.length <= limit) return { found };
    return { found: found.slice(0, limit), next: found[limit - 1]!.place };
  }

  /** A statement that got its number earlier and ends later may be missed: what comes of its mails next is told. */
  async changes(cursor?: string): Promise<HistoryChanges> {
    const after = cursor !== undefined && /^\d{1,18}$/.test(cursor) ? Number(cursor) : undefined;
    const { rows } = await this.#run(CHANGES, [this.#queue, after ?? null]);
    const last = rows.at(-1)?.['number'];
    const ids = after === undefined ? [] : rows.flatMap((row) => row['ids'] as string[]);
    return { ids: [...new Set(ids)].slice(-MOST_CHANGES), cursor: String(last ?? after ?? 0) };
  }

  async size(): Promise<number> {
    const { rows } = await this.#run(SIZE, [this.#queue]);
    return Number(rows[0]!['size']);
  }

  async clear(): Promise<number> {
    const { rows } = await this.#run(CLEAR, [this.#queue]);
    return Number(rows[0]!['cleared']);
  }

  /** Forgets what is expired, of all relays in this database, a batch at a time. @param batches at most */
  async purge(batches = 100): Promise<void> {
    while (batches-- > 0 && Number((await this.#run(PURGE, [])).rows[0]!['purged']) > 0);
    await this.#run(PURGE_CHANGES, []);
  }
}

const stateTerm = (state: string): string => `=${state}`;

/** Postgres keeps no NUL and no half of a surrogate pair. */
function storable(term: string): string {
  return term.replaceAll('\0', '').toWellFormed();
}

const TABLE = `${STORE_SCHEMA}.history`;
const CHANGE = `${STORE_SCHEMA}.history_change`;

/**
 * Places are given in the order in which mails were noted, and rows written in that of their ids, so that two processes never wait for
 * each other. A row is written again only where it says something new.
 */
const NOTE = `
WITH placed AS MATERIALIZED (
  SELECT id, terms, nextval('${TABLE}_place_seq') AS place FROM unnest($3::text[], $4::text[]) AS given (id, terms)
)
INSERT INTO ${TABLE} AS stored (queue, id, place, terms, expires_on)
OVERRIDING SYSTEM VALUE
SELECT $1, id, place, ARRAY(SELECT jsonb_array_elements_text(terms::jsonb)), current_date + $2::int
FROM placed ORDER BY id
ON CONFLICT (queue, id) DO UPDATE SET
  terms = ARRAY(SELECT unnest(stored.terms) UNION SELECT unnest(excluded.terms)), expires_on = excluded.expires_on
WHERE NOT stored.terms @> excluded.terms`;

const TELL = `INSERT INTO ${CHANGE} (queue, ids) VALUES ($1, $2::text[])`;

const BEFORE = `queue = $1 AND ($2::bigint IS NULL OR place < $2::bigint)`;
const NEWEST = `ORDER BY place DESC LIMIT $3`;
const LATEST = `SELECT id, place FROM ${TABLE} WHERE ${BEFORE} ${NEWEST}`;
const FIND = `SELECT id, place FROM ${TABLE} WHERE ${BEFORE} AND terms @> $4::text[] ${NEWEST}`;

const CHANGES = `
SELECT number, ids FROM (
  SELECT number, ids FROM ${CHANGE} WHERE queue = $1 AND ($2::bigint IS NULL OR number > $2::bigint)
  ORDER BY number DESC LIMIT 100
) AS latest ORDER BY number`;

/** Exact while there is little of it; then as the database estimates, for all relays in it. */
const SIZE = `
WITH counted AS (SELECT count(*) AS few FROM (SELECT 1 FROM ${TABLE} WHERE queue = $1 LIMIT 10000) AS first)
SELECT CASE WHEN few < 10000 THEN few
  ELSE greatest(few, (SELECT reltuples::bigint FROM pg_class WHERE oid = '${TABLE}'::regclass)) END AS size
FROM counted`;

const CLEAR = `
WITH cleared AS (DELETE FROM ${TABLE} WHERE queue = $1 RETURNING 1) SELECT count(*) AS cleared FROM cleared`;

const PURGE = `
WITH expired AS (
  SELECT queue, id FROM ${TABLE} WHERE expires_on < current_date LIMIT 1000 FOR UPDATE SKIP LOCKED
), purged AS (
  DELETE FROM ${TABLE} USING expired WHERE ${TABLE}.queue = expired.queue AND ${TABLE}.id = expired.id RETURNING 1
)
SELECT count(*)::int AS purged FROM purged`;

const PURGE_CHANGES = `DELETE FROM ${CHANGE} WHERE at < now() - interval '1 hour'`;
