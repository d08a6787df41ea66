import {
  MOST_ATTEMPTS,
  RETENTION,
  type MailRecord,
  type OutcomeChange,
  type OutcomeStore,
} from '../delivery/outcome-store.interface.js';
import { packAttempt, packOutcome, reopened, unpackAttempt, unpackOutcome } from './outcome-codec.js';
import { STORE_SCHEMA } from './postgres-migrations.js';

/** Runs one statement. */
export type RunStatement = (text: string, values: readonly unknown[]) => Promise<{ rows: Record<string, unknown>[] }>;

/** Outcomes in Postgres, a row a mail, each change one statement. */
export class PostgresOutcomeStore implements OutcomeStore {
  readonly #queue: string;
  readonly #run: RunStatement;

  /** @param queue the BullMQ queue's name, which the relays in one database differ by */
  constructor(queue: string, run: RunStatement) {
    this.#queue = queue;
    this.#run = run;
  }

  async load(id: string): Promise<MailRecord | null> {
    const { rows } = await this.#run(LOAD, [this.#queue, id]);
    return rows[0] ? recordOf(rows[0]) : null;
  }

  async begin(id: string, at: number, stalls: number, transport: string): Promise<'go' | 'cancelled'> {
    const { rows } = await this.#run(BEGIN, [this.#queue, id, at, stalls, transport]);
    return rows.length > 0 ? 'go' : 'cancelled';
  }

  async save(id: string, change: OutcomeChange): Promise<void> {
    const { messageId, mail = null, attempt, stallBaseline = 0, deferrals = 0, content, recipients = [] } = change;
    const packed = Object.fromEntries(recipients.map((outcome) => [outcome.address, packOutcome(outcome)]));
    const line = attempt ? packAttempt(attempt) : null;
    const text = content === undefined ? null : JSON.stringify(content);
    const values = [messageId, mail, JSON.stringify(packed), line, stallBaseline, deferrals, text];
    await this.#run(SAVE, [this.#queue, id, ...values]);
  }

  async cancel(id: string): Promise<{ sending: boolean }> {
    const { rows } = await this.#run(CANCEL, [this.#queue, id]);
    return { sending: rows[0]!['sending'] as boolean };
  }

  async reopen(id: string, addresses: readonly string[], at: number): Promise<void> {
    const packed = Object.fromEntries(addresses.map((address) => [address, packOutcome(reopened(address, at))]));
    await this.#run(REOPEN, [this.#queue, id, JSON.stringify(packed), at]);
  }

  /** Forgets what is expired, of all relays in this database, a batch at a time. @param batches at most */
  async purge(batches = 10): Promise<void> {
    for (let batch = 0; batch < batches; batch++) {
      const { rows } = await this.#run(PURGE, []);
      if (rows[0]!['purged'] === 0) return;
    }
  }
}

const TABLE = `${STORE_SCHEMA}.outcome`;

/** By days, so that most changes leave the index on it alone. */
const EXPIRES = `current_date + ${RETENTION / 86_400_000 + 1}`;

const LOAD = `SELECT * FROM ${TABLE} WHERE queue = $1 AND id = $2`;

const BEGIN = `
INSERT INTO ${TABLE} AS stored (queue, id, sending_since, sending_stalls, sending_by, expires_on)
VALUES ($1, $2, $3, $4, $5, ${EXPIRES})
ON CONFLICT (queue, id) DO UPDATE
SET sending_since = excluded.sending_since, sending_stalls = excluded.sending_stalls, sending_by = excluded.sending_by,
  expires_on = excluded.expires_on
WHERE NOT stored.cancelled
RETURNING 1 AS go`;

/** Counters only grow and content is written once, so that what comes late changes nothing. */
const SAVE = `
INSERT INTO ${TABLE} AS stored
  (queue, id, message_id, mail, recipients, attempts, stall_baseline, deferrals, content, expires_on)
VALUES ($1, $2, $3, $4, $5::jsonb, array_remove(ARRAY[$6::text], NULL), $7, $8, $9, ${EXPIRES})
ON CONFLICT (queue, id) DO UPDATE SET
  message_id = excluded.message_id,
  mail = coalesce(excluded.mail, stored.mail),
  recipients = stored.recipients || (
    SELECT coalesce(jsonb_object_agg(address, outcome), '{}') FROM jsonb_each(excluded.recipients) AS changed (address, outcome)
    WHERE coalesce(left(stored.recipients ->> address, 1) <= left(outcome #>> '{}', 1), true)),
  attempts = CASE WHEN stored.attempts @> excluded.attempts THEN stored.attempts
    ELSE (stored.attempts || excluded.attempts)[greatest(1, cardinality(stored.attempts) + 2 - ${MOST_ATTEMPTS}):] END,
  sending_since = CASE WHEN $6::text IS NULL THEN stored.sending_since END,
  sending_by = CASE WHEN $6::text IS NULL THEN stored.sending_by END,
  stall_baseline = greatest(stored.stall_baseline, excluded.stall_baseline),
  deferrals = greatest(stored.deferrals, excluded.deferrals),
  content = coalesce(stored.content, excluded.content),
  expires_on = excluded.expires_on`;

const CANCEL = `
INSERT INTO ${TABLE} AS stored (queue, id, cancelled, expires_on) VALUES ($1, $2, true, ${EXPIRES})
ON CONFLICT (queue, id) DO UPDATE SET cancelled = true, expires_on = excluded.expires_on
RETURNING sending_since IS NOT NULL AS sending`;

/** The baseline of stalls stays: the queue's own count never goes down. */
const REOPEN = `
INSERT INTO ${TABLE} AS stored (queue, id, recipients, reopened_at, expires_on) VALUES ($1, $2, $3::jsonb, $4, ${EXPIRES})
ON CONFLICT (queue, id) DO UPDATE SET
  recipients = stored.recipients || excluded.recipients, cancelled = false, deferrals = 0, sending_since = NULL,
  sending_by = NULL, sending_stalls = NULL, reopened_at = excluded.reopened_at, expires_on = excluded.expires_on`;

const PURGE = `
WITH expired AS (
  SELECT queue, id FROM ${TABLE} WHERE expires_on < current_date LIMIT 1000 FOR UPDATE SKIP LOCKED
), purged AS (
  DELETE FROM ${TABLE} USING expired WHERE outcome.queue = expired.queue AND outcome.id = expired.id RETURNING 1
)
SELECT count(*)::int AS purged FROM purged`;

/** pg gives a bigint as text. */
function recordOf(row: Record<string, unknown>): MailRecord {
  const number = (column: string): number | undefined => (row[column] === null ? undefined : Number(row[column]));
  const text = (column: string): string | undefined => (row[column] as string | null) ?? undefined;
  const content = text('content');
  return {
    messageId: text('message_id'),
    mail: text('mail'),
    recipients: Object.values(row['recipients'] as Record<string, string>).map(unpackOutcome),
    attempts: (row['attempts'] as string[]).map(unpackAttempt),
    cancelled: row['cancelled'] as boolean,
    sendingSince: number('sending_since'),
    sendingBy: text('sending_by'),
    stallBaseline: number('stall_baseline')!,
    sendingStalls: number('sending_stalls'),
    deferrals: number('deferrals')!,
    reopenedAt: number('reopened_at'),
    content: content === undefined ? undefined : (JSON.parse(content) as string),
  };
}
