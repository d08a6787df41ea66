/** Where the store's tables are. */
export const STORE_SCHEMA = 'relay';

/** In their order; never change one that was released. `recipients` is an object of packed outcomes by address, see outcome-codec. */
export const STORE_MIGRATIONS: readonly string[] = [
  `CREATE TABLE ${STORE_SCHEMA}.outcome (
    queue text NOT NULL,
    id text NOT NULL,
    message_id text,
    mail text,
    recipients jsonb NOT NULL DEFAULT '{}',
    attempts text[] NOT NULL DEFAULT '{}',
    cancelled boolean NOT NULL DEFAULT false,
    sending_since bigint,
    sending_stalls integer,
    stall_baseline integer NOT NULL DEFAULT 0,
    deferrals integer NOT NULL DEFAULT 0,
    reopened_at bigint,
    content text,
    expires_on date NOT NULL,
    PRIMARY KEY (queue, id)
  );
  CREATE INDEX outcome_expires_on ON ${STORE_SCHEMA}.outcome (expires_on)`,
  `CREATE TABLE ${STORE_SCHEMA}.shared (
    queue text NOT NULL,
    key text NOT NULL,
    version bigint NOT NULL,
    text text NOT NULL,
    expires_on date NOT NULL,
    PRIMARY KEY (queue, key)
  );
  ALTER TABLE ${STORE_SCHEMA}.outcome ADD COLUMN sending_by text`,
  `ALTER TABLE ${STORE_SCHEMA}.outcome ADD COLUMN about text;
  CREATE TABLE ${STORE_SCHEMA}.provider_message (
    queue text NOT NULL,
    id text NOT NULL,
    mail_id text NOT NULL,
    expires_on date NOT NULL,
    PRIMARY KEY (queue, id)
  );
  CREATE INDEX provider_message_expires_on ON ${STORE_SCHEMA}.provider_message (expires_on);
  CREATE TABLE ${STORE_SCHEMA}.event (
    queue text NOT NULL,
    mail_id text NOT NULL,
    id text NOT NULL,
    event text NOT NULL,
    expires_on date NOT NULL,
    PRIMARY KEY (queue, mail_id, id)
  );
  CREATE INDEX event_expires_on ON ${STORE_SCHEMA}.event (expires_on);
  CREATE TABLE ${STORE_SCHEMA}.daily_count (
    queue text NOT NULL,
    day date NOT NULL,
    provider text NOT NULL,
    stream text NOT NULL,
    tag text NOT NULL,
    type text NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (queue, day, provider, stream, tag, type)
  )`,
  `CREATE TABLE ${STORE_SCHEMA}.suppression (
    queue text NOT NULL,
    address text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    tenant text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    rank smallint NOT NULL,
    source text,
    at bigint NOT NULL,
    expires bigint,
    PRIMARY KEY (queue, address, stream, tenant)
  );
  CREATE INDEX suppression_expires ON ${STORE_SCHEMA}.suppression (expires) WHERE expires IS NOT NULL;
  CREATE TABLE ${STORE_SCHEMA}.soft_bounce (
    queue text NOT NULL,
    address text NOT NULL,
    event text NOT NULL,
    at bigint NOT NULL,
    expires bigint NOT NULL,
    PRIMARY KEY (queue, address, event)
  );
  CREATE INDEX soft_bounce_expires ON ${STORE_SCHEMA}.soft_bounce (expires)`,
  `CREATE TABLE ${STORE_SCHEMA}.blob (
    queue text NOT NULL,
    key text NOT NULL,
    content text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (queue, key)
  );
  CREATE INDEX blob_expires_at ON ${STORE_SCHEMA}.blob (expires_at)`,
  `ALTER TABLE ${STORE_SCHEMA}.outcome ADD COLUMN head text,
    ADD COLUMN opened integer NOT NULL DEFAULT 0, ADD COLUMN clicked integer NOT NULL DEFAULT 0;
  CREATE TABLE ${STORE_SCHEMA}.history (
    queue text NOT NULL,
    id text NOT NULL,
    place bigint GENERATED ALWAYS AS IDENTITY,
    terms text[] NOT NULL,
    expires_on date NOT NULL,
    PRIMARY KEY (queue, id)
  );
  CREATE INDEX history_place ON ${STORE_SCHEMA}.history (queue, place);
  CREATE INDEX history_terms ON ${STORE_SCHEMA}.history USING gin (terms);
  CREATE INDEX history_expires_on ON ${STORE_SCHEMA}.history (expires_on);
  CREATE TABLE ${STORE_SCHEMA}.history_change (
    queue text NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    ids text[] NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (queue, number)
  )`,
];

interface Session {
  query(text: string, values?: readonly unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** Brings the schema up to date, at most once however many processes start together. Writes nothing when there is nothing to do. */
export async function migrateStore(session: Session): Promise<void> {
  if ((await versionOf(session)) >= STORE_MIGRATIONS.length) return;
  await session.query('BEGIN');
  try {
    await session.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await session.query(`CREATE SCHEMA IF NOT EXISTS ${STORE_SCHEMA}`);
    await session.query(`CREATE TABLE IF NOT EXISTS ${STORE_SCHEMA}.migration (version integer PRIMARY KEY)`);
    const version = await versionOf(session);
    for (const [index, sql] of STORE_MIGRATIONS.entries()) {
      if (index < version) continue;
      await session.query(sql);
      await session.query(`INSERT INTO ${STORE_SCHEMA}.migration (version) VALUES ($1)`, [index + 1]);
    }
    await session.query('COMMIT');
  } catch (error) {
    await session.query('ROLLBACK');
    throw error;
  }
}

/** Any number that nobody else locks by: "relay" in ASCII. */
const LOCK = 0x72656c6179;

async function versionOf(session: Session): Promise<number> {
  const there = await session.query(`SELECT to_regclass('${STORE_SCHEMA}.migration') IS NOT NULL AS there`);
  if (!there.rows[0]!['there']) return 0;
  const { rows } = await session.query(
    `SELECT coalesce(max(version), 0)::int AS version FROM ${STORE_SCHEMA}.migration`,
  );
  return rows[0]!['version'] as number;
}
