import type { BlobStore } from '../queue/blob-store.interface.js';
import { STORE_SCHEMA } from './postgres-migrations.js';
import type { RunStatement } from './postgres.outcome-store.js';

/** Contents in Postgres, a row each. The clock is the server's. */
export class PostgresBlobStore implements BlobStore {
  readonly #queue: string;
  readonly #run: RunStatement;

  /** @param queue the BullMQ queue's name, which the relays in one database differ by */
  constructor(queue: string, run: RunStatement) {
    this.#queue = queue;
    this.#run = run;
  }

  async keep(key: string, time: number): Promise<boolean> {
    const { rows } = await this.#run(KEEP, [this.#queue, key, time / 1_000]);
    return rows.length > 0;
  }

  async put(key: string, content: string, time: number): Promise<void> {
    await this.#run(PUT, [this.#queue, key, content, time / 1_000]);
  }

  async get(key: string): Promise<string | null> {
    const { rows } = await this.#run(GET, [this.#queue, key]);
    return (rows[0]?.['content'] as string | undefined) ?? null;
  }

  /** Forgets what is expired, of all relays in this database. */
  async purge(): Promise<void> {
    await this.#run(PURGE, []);
  }
}

const TABLE = `${STORE_SCHEMA}.blob`;

const KEEP = `
UPDATE ${TABLE} SET expires_at = greatest(expires_at, now() + make_interval(secs => $3::float8))
WHERE queue = $1 AND key = $2 AND expires_at > now() RETURNING key`;

const PUT = `
INSERT INTO ${TABLE} AS stored (queue, key, content, expires_at) VALUES ($1, $2, $3, now() + make_interval(secs => $4::float8))
ON CONFLICT (queue, key) DO UPDATE SET expires_at = greatest(stored.expires_at, excluded.expires_at), content = excluded.content`;

const GET = `SELECT content FROM ${TABLE} WHERE queue = $1 AND key = $2 AND expires_at > now()`;
const PURGE = `DELETE FROM ${TABLE} WHERE expires_at <= now()`;
