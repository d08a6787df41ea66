import { SHARED_RETENTION, type SharedDocument, type SharedStore } from '../shared-store.interface.js';
import { STORE_SCHEMA } from './postgres-migrations.js';
import type { RunStatement } from './postgres.outcome-store.js';

/** Documents in Postgres, a row each. The clock is the server's. */
export class PostgresSharedStore implements SharedStore {
  readonly #queue: string;
  readonly #run: RunStatement;

  /** @param queue the BullMQ queue's name, which the relays in one database differ by */
  constructor(queue: string, run: RunStatement) {
    this.#queue = queue;
    this.#run = run;
  }

  async read(key: string): Promise<SharedDocument> {
    const { rows } = await this.#run(READ, [this.#queue, key]);
    return documentOf(rows[0]!);
  }

  async swap(key: string, version: number, text: string): Promise<SharedDocument & { swapped: boolean }> {
    const { rows } = await this.#run(SWAP, [this.#queue, key, version, text]);
    // A statement does not see what another one has just written.
    return rows[0] ? { ...documentOf(rows[0]), swapped: true } : { ...(await this.read(key)), swapped: false };
  }

  /** Forgets what is expired, of all relays in this database. */
  async purge(): Promise<void> {
    await this.#run(PURGE, []);
  }
}

const TABLE = `${STORE_SCHEMA}.shared`;
const NOW = 'extract(epoch FROM clock_timestamp()) * 1000 AS now';
const EXPIRES = `current_date + ${SHARED_RETENTION / 86_400_000 + 1}`;

const READ = `
SELECT coalesce(stored.version, 0) AS version, coalesce(stored.text, '') AS text, ${NOW}
FROM (SELECT 1) AS one LEFT JOIN ${TABLE} AS stored ON stored.queue = $1 AND stored.key = $2`;

const SWAP = `
INSERT INTO ${TABLE} AS stored (queue, key, version, text, expires_on)
SELECT $1, $2, 1, $4, ${EXPIRES} WHERE $3::bigint = 0 OR EXISTS (SELECT 1 FROM ${TABLE} WHERE queue = $1 AND key = $2)
ON CONFLICT (queue, key) DO UPDATE
SET version = stored.version + 1, text = excluded.text, expires_on = excluded.expires_on WHERE stored.version = $3::bigint
RETURNING stored.version, stored.text, ${NOW}`;

const PURGE = `DELETE FROM ${TABLE} WHERE expires_on < current_date`;

/** pg gives a bigint as text. */
function documentOf(row: Record<string, unknown>): SharedDocument {
  return { version: Number(row['version']), text: row['text'] as string, now: Number(row['now']) };
}
