import {
  MOST_ATTEMPTS,
  providerKey,
  providerKeys,
  RETENTION,
  type MailAbout,
  type MailHead,
  type MailRecord,
  type OutcomeChange,
  type OutcomeStore,
} from '../delivery/outcome-store.interface.js';
import { type BegunMail, GatheredOutcomes, type SavedMail } from './gathered-outcomes.js';
import { packAttempt, packOutcome, packOutcomes, reopened, unpackAttempt, unpackOutcome } from './outcome-codec.js';
import { STORE_SCHEMA } from './postgres-migrations.js';

/** Runs one statement. */
export type RunStatement = (text: string, values: readonly unknown[]) => Promise<{ rows: Record<string, unknown>[] }>;

/** Outcomes in Postgres, a row a mail; the changes of many mails at once are one statement. */
export class PostgresOutcomeStore implements OutcomeStore {
  readonly #queue: string;
  readonly #run: RunStatement;
  readonly #days: number;
  readonly #gathered = new GatheredOutcomes({
    beginAll: (mails) => this.#beginAll(mails),
    saveAll: (mails) => this.#saveAll(mails),
  });

  /** @param queue the BullMQ queue's name, which the relays in one database differ by @param retention in milliseconds */
  constructor(queue: string, run: RunStatement, retention = RETENTION) {
    this.#queue = queue;
    this.#run = run;
    // By days, so that most changes leave the index on it alone.
    this.#days = Math.ceil(retention / DAY) + 1;
  }

  async load(id: string): Promise<MailRecord | null> {
    const { rows } = await this.#run(LOAD, [this.#queue, id]);
    return rows[0] ? recordOf(rows[0]) : null;
  }

  async loadMany(ids: readonly string[]): Promise<(MailRecord | null)[]> {
    const { rows } = await this.#run(LOAD_MANY, [this.#queue, ids]);
    const records = new Map(rows.map((row) => [row['id'] as string, recordOf(row)]));
    return ids.map((id) => records.get(id) ?? null);
  }

  begin(id: string, at: number, stalls: number, transport: string): Promise<'go' | 'cancelled'> {
    return this.#gathered.begin(id, at, stalls, transport);
  }

  save(id: string, change: OutcomeChange): Promise<number | undefined> {
    return this.#gathered.save(id, change);
  }

  async cancel(id: string): Promise<{ sending: boolean }> {
    const { rows } = await this.#run(CANCEL, [this.#queue, id, this.#days]);
    return { sending: rows[0]!['sending'] as boolean };
  }

  async reopen(id: string, addresses: readonly string[], at: number): Promise<void> {
    const packed = Object.fromEntries(addresses.map((address) => [address, packOutcome(reopened(address, at))]));
    await this.#run(REOPEN, [this.#queue, id, this.#days, JSON.stringify(packed), at]);
  }

  async mailOf(providerMessageId: string): Promise<string | undefined> {
    const { rows } = await this.#run(MAIL_OF, [this.#queue, providerKey(providerMessageId)]);
    return rows[0]?.['mail_id'] as string | undefined;
  }

  /** Forgets what is expired, of all relays in this database, a batch at a time. @param batches at most */
  async purge(batches = 10): Promise<void> {
    for (const statement of PURGES) {
      let left = batches;
      while (left-- > 0 && (await this.#run(statement, [])).rows[0]!['purged'] !== 0);
    }
  }

  async #beginAll(mails: readonly BegunMail[]): Promise<('go' | 'cancelled')[]> {
    const { rows } = await this.#run(BEGIN, [
      this.#queue,
      this.#days,
      ...columns(mails, ({ id, at, stalls, transport }) => [id, at, stalls, transport]),
    ]);
    const begun = new Set(rows.map((row) => row['id']));
    return mails.map(({ id }) => (begun.has(id) ? 'go' : 'cancelled'));
  }

  async #saveAll(mails: readonly SavedMail[]): Promise<undefined[]> {
    const keys = mails.flatMap(({ id, change }) => providerKeys(change).map((key) => [key, id] as const));
    const values = [this.#queue, this.#days, ...columns(mails, saveValues)];
    if (keys.length === 0) await this.#run(SAVE, values);
    else await this.#run(INDEX + SAVE, [...values, ...columns(keys, (pair) => pair)]);
    return mails.map(() => undefined);
  }
}

/** One array a column, for `unnest`. */
function columns<T>(rows: readonly T[], valuesOf: (row: T) => readonly unknown[]): unknown[][] {
  const values = rows.map(valuesOf);
  return values[0]!.map((_, column) => values.map((row) => row[column]));
}

/** Empty for none. */
function saveValues({ id, change }: SavedMail): unknown[] {
  const { messageId, mail = '', about, head, attempt, stallBaseline = 0, deferrals = 0, content } = change;
  const { opened = 0, clicked = 0, recipients = [] } = change;
  const packed = Object.fromEntries(packOutcomes(recipients));
  return [
    id,
    messageId,
    mail,
    JSON.stringify(packed),
    attempt ? packAttempt(attempt) : '',
    stallBaseline,
    deferrals,
    content === undefined ? '' : JSON.stringify(content),
    about ? JSON.stringify(about) : '',
    head ? JSON.stringify(head) : '',
    opened,
    clicked,
  ];
}

const TABLE = `${STORE_SCHEMA}.outcome`;

const DAY = 86_400_000;

const EXPIRES = `current_date + $3::int`;

const LOAD = `SELECT * FROM ${TABLE} WHERE queue = $1 AND id = $2`;
const LOAD_MANY = `SELECT * FROM ${TABLE} WHERE queue = $1 AND id = ANY ($2::text[])`;

/** In the order of their ids, so that two workers never wait for each other. */
const BEGIN = `
INSERT INTO ${TABLE} AS stored (queue, id, sending_since, sending_stalls, sending_by, expires_on)
SELECT $1, id, at, stalls, transport, current_date + $2::int
FROM unnest($3::text[], $4::bigint[], $5::int[], $6::text[]) AS given (id, at, stalls, transport)
ORDER BY id
ON CONFLICT (queue, id) DO UPDATE
SET sending_since = excluded.sending_since, sending_stalls = excluded.sending_stalls, sending_by = excluded.sending_by,
  expires_on = excluded.expires_on
WHERE NOT stored.cancelled
RETURNING stored.id`;

/** A provider's id that is there already is kept: one and the same id is one and the same mail. */
const INDEX = `
WITH indexed AS (
  INSERT INTO ${STORE_SCHEMA}.provider_message (queue, id, mail_id, expires_on)
  SELECT $1, key, mail, current_date + $2::int FROM unnest($15::text[], $16::text[]) AS given (key, mail) ORDER BY key
  ON CONFLICT DO NOTHING
)`;

/** Counters only grow and content is written once, so that what comes late changes nothing. */
const SAVE = `
INSERT INTO ${TABLE} AS stored
  (queue, id, message_id, mail, recipients, attempts, stall_baseline, deferrals, content, about, head, opened, clicked, expires_on)
SELECT $1, id, message_id, nullif(mail, ''), recipients::jsonb, array_remove(ARRAY[nullif(attempt, '')], NULL), stalls, deferrals,
  nullif(content, ''), nullif(about, ''), nullif(head, ''), opened, clicked, current_date + $2::int
FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::int[], $10::text[], $11::text[], $12::text[],
  $13::int[], $14::int[])
  AS given (id, message_id, mail, recipients, attempt, stalls, deferrals, content, about, head, opened, clicked)
ORDER BY id
ON CONFLICT (queue, id) DO UPDATE SET
  message_id = excluded.message_id,
  mail = coalesce(excluded.mail, stored.mail),
  recipients = stored.recipients || (
    SELECT coalesce(jsonb_object_agg(address, outcome), '{}') FROM jsonb_each(excluded.recipients) AS changed (address, outcome)
    WHERE coalesce(left(stored.recipients ->> address, 1) <= left(outcome #>> '{}', 1), true)),
  attempts = CASE WHEN stored.attempts @> excluded.attempts THEN stored.attempts
    ELSE (stored.attempts || excluded.attempts)[greatest(1, cardinality(stored.attempts) + 2 - ${MOST_ATTEMPTS}):] END,
  sending_since = CASE WHEN cardinality(excluded.attempts) = 0 THEN stored.sending_since END,
  sending_by = CASE WHEN cardinality(excluded.attempts) = 0 THEN stored.sending_by END,
  stall_baseline = greatest(stored.stall_baseline, excluded.stall_baseline),
  deferrals = greatest(stored.deferrals, excluded.deferrals),
  content = coalesce(stored.content, excluded.content),
  about = coalesce(stored.about, excluded.about),
  head = coalesce(stored.head, excluded.head),
  opened = greatest(stored.opened, excluded.opened),
  clicked = greatest(stored.clicked, excluded.clicked),
  expires_on = excluded.expires_on`;

const CANCEL = `
INSERT INTO ${TABLE} AS stored (queue, id, cancelled, expires_on) VALUES ($1, $2, true, ${EXPIRES})
ON CONFLICT (queue, id) DO UPDATE SET cancelled = true, expires_on = excluded.expires_on
RETURNING sending_since IS NOT NULL AS sending`;

/** The baseline of stalls stays: the queue's own count never goes down. */
const REOPEN = `
INSERT INTO ${TABLE} AS stored (queue, id, recipients, reopened_at, expires_on) VALUES ($1, $2, $4::jsonb, $5, ${EXPIRES})
ON CONFLICT (queue, id) DO UPDATE SET
  recipients = stored.recipients || excluded.recipients, cancelled = false, deferrals = 0, sending_since = NULL,
  sending_by = NULL, sending_stalls = NULL, reopened_at = excluded.reopened_at, expires_on = excluded.expires_on`;

const MAIL_OF = `SELECT mail_id FROM ${STORE_SCHEMA}.provider_message WHERE queue = $1 AND id = $2`;

/** Of one table, by its key. */
function purge(table: string, keys: readonly string[]): string {
  const same = keys.map((key) => `${table}.${key} = expired.${key}`).join(' AND ');
  return `
WITH expired AS (
  SELECT ${keys.join(', ')} FROM ${STORE_SCHEMA}.${table} WHERE expires_on < current_date LIMIT 1000 FOR UPDATE SKIP LOCKED
), purged AS (
  DELETE FROM ${STORE_SCHEMA}.${table} USING expired WHERE ${same} RETURNING 1
)
SELECT count(*)::int AS purged FROM purged`;
}

const PURGES = [
  purge('outcome', ['queue', 'id']),
  purge('provider_message', ['queue', 'id']),
  purge('event', ['queue', 'mail_id', 'id']),
];

/** pg gives a bigint as text. */
function recordOf(row: Record<string, unknown>): MailRecord {
  const number = (column: string): number | undefined => (row[column] === null ? undefined : Number(row[column]));
  const text = (column: string): string | undefined => (row[column] as string | null) ?? undefined;
  const content = text('content');
  const about = text('about');
  const head = text('head');
  return {
    messageId: text('message_id'),
    mail: text('mail'),
    about: about === undefined ? undefined : (JSON.parse(about) as MailAbout),
    head: head === undefined ? undefined : (JSON.parse(head) as MailHead),
    recipients: Object.values(row['recipients'] as Record<string, string>).map(unpackOutcome),
    attempts: (row['attempts'] as string[]).map(unpackAttempt),
    cancelled: row['cancelled'] as boolean,
    sendingSince: number('sending_since'),
    sendingBy: text('sending_by'),
    stallBaseline: number('stall_baseline')!,
    sendingStalls: number('sending_stalls'),
    deferrals: number('deferrals')!,
    reopenedAt: number('reopened_at'),
    opened: number('opened') || undefined,
    clicked: number('clicked') || undefined,
    content: content === undefined ? undefined : (JSON.parse(content) as string),
  };
}
