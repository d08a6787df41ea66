import { RETENTION } from '../delivery/outcome-store.interface.js';
import { inOrder, packEvent, unpackEvent } from '../events/event-codec.js';
import type { MailEvent } from '../events/mail-event.interface.js';
import { leftBy, MOST_EVENTS, type TimelineStore } from '../events/timeline-store.interface.js';
import { STORE_SCHEMA } from './postgres-migrations.js';
import type { RunStatement } from './postgres.outcome-store.js';

/** Timelines in Postgres, a row an event. Expired ones are purged with the outcomes. */
export class PostgresTimelineStore implements TimelineStore {
  readonly #queue: string;
  readonly #run: RunStatement;
  readonly #days: number;

  /** @param queue the BullMQ queue's name @param retention in milliseconds */
  constructor(queue: string, run: RunStatement, retention = RETENTION) {
    this.#queue = queue;
    this.#run = run;
    this.#days = Math.ceil(retention / 86_400_000) + 1;
  }

  async known(mailId: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const { rows } = await this.#run(KNOWN, [this.#queue, mailId, ids]);
    return new Set(rows.map(({ id }) => id as string));
  }

  async append(mailId: string, events: readonly MailEvent[]): Promise<ReadonlySet<string>> {
    const unique = [...new Map(events.map((event) => [event.id, event])).values()];
    const ids = unique.map(({ id }) => id);
    const packed = unique.map((event) => packEvent(event, { raw: false }));
    const { rows } = await this.#run(APPEND, [this.#queue, mailId, this.#days, ids, packed, unique.map(leftBy)]);
    return new Set(rows.map(({ id }) => id as string));
  }

  async countMore(mailId: string, count: number): Promise<void> {
    await this.#run(COUNT_MORE, [this.#queue, mailId, this.#days, count]);
  }

  async more(mailId: string): Promise<number> {
    const { rows } = await this.#run(MORE, [this.#queue, mailId]);
    return Number(rows[0]?.['event'] ?? 0);
  }

  async read(mailId: string): Promise<MailEvent[]> {
    const { rows } = await this.#run(READ, [this.#queue, mailId]);
    return inOrder(rows.map(({ event }) => unpackEvent(event as string)));
  }
}

const TABLE = `${STORE_SCHEMA}.event`;

const KNOWN = `SELECT id FROM ${TABLE} WHERE queue = $1 AND mail_id = $2 AND id = ANY ($3::text[])`;

/** Those there is no room for are new as well. Two processes at once may both find room for the last one. */
const APPEND = `
WITH given AS (
  SELECT * FROM unnest($4::text[], $5::text[], $6::int[]) WITH ORDINALITY AS given (id, event, leaves, place)
), fresh AS (
  SELECT id, event, leaves + row_number() OVER (PARTITION BY leaves ORDER BY place) AS place FROM given
  WHERE NOT EXISTS (SELECT FROM ${TABLE} AS stored WHERE stored.queue = $1 AND stored.mail_id = $2 AND stored.id = given.id)
), room AS (
  SELECT ${MOST_EVENTS} - count(*) AS left FROM ${TABLE} WHERE queue = $1 AND mail_id = $2
), stored AS (
  INSERT INTO ${TABLE} (queue, mail_id, id, event, expires_on)
  SELECT $1, $2, id, event, current_date + $3::int FROM fresh, room WHERE place <= room.left
  ON CONFLICT DO NOTHING RETURNING id
), more AS (
  INSERT INTO ${TABLE} AS counted (queue, mail_id, id, event, expires_on)
  SELECT $1, $2, '', count(*)::text, current_date + $3::int FROM fresh, room WHERE place > room.left HAVING count(*) > 0
  ON CONFLICT (queue, mail_id, id) DO UPDATE
  SET event = (counted.event::bigint + excluded.event::bigint)::text, expires_on = excluded.expires_on
)
SELECT id FROM stored UNION ALL SELECT id FROM fresh, room WHERE place > room.left`;

const READ = `SELECT event FROM ${TABLE} WHERE queue = $1 AND mail_id = $2 AND id <> ''`;

/** A row that is no event, since no event is without an id. */
const COUNT_MORE = `
INSERT INTO ${TABLE} AS stored (queue, mail_id, id, event, expires_on) VALUES ($1, $2, '', $4::bigint::text, current_date + $3::int)
ON CONFLICT (queue, mail_id, id) DO UPDATE
SET event = (stored.event::bigint + excluded.event::bigint)::text, expires_on = excluded.expires_on`;

const MORE = `SELECT event FROM ${TABLE} WHERE queue = $1 AND mail_id = $2 AND id = ''`;
