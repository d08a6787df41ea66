import type { RunStatement } from '../../../store/postgres.outcome-store.js';
import type { QueueCounts, QueueInspection, QueuePage, QueuePlace } from '../../queue-inspection.interface.js';
import { QUEUE_SCHEMA } from './sql-source.js';

/** Reads BullMQ's table of jobs by its own indexes. */
export class PostgresInspection implements QueueInspection {
  readonly #queue: string;
  readonly #run: RunStatement;
  #counts?: { at: number; counts: Promise<QueueCounts> };

  constructor(queue: string, run: RunStatement) {
    this.#queue = queue;
    this.#run = run;
  }

  /** Postgres counts row by row: what it has counted is believed for some seconds. */
  counts(): Promise<QueueCounts> {
    if (this.#counts && performance.now() - this.#counts.at < BELIEVED) return this.#counts.counts;
    const counts = this.#count();
    counts.catch(() => (this.#counts = undefined));
    this.#counts = { at: performance.now(), counts };
    return counts;
  }

  async page(place: QueuePlace, cursor: string | undefined, limit: number): Promise<QueuePage> {
    const { where, order, start } = LISTS[place];
    const [first, second] = cursorOf(cursor, order[1] === 'id') ?? start;
    const text = `SELECT id, ${order[0]} AS first, ${order[1]} AS second FROM ${QUEUE_SCHEMA}.job
      WHERE queue = $1 AND ${where} AND (${order[0]}, ${order[1]}) ${place === 'dead' ? '<' : '>'} ($2::bigint, ${order[1] === 'id' ? '$3::text' : '$3::bigint'})
      ORDER BY ${order.map((column) => (place === 'dead' ? `${column} DESC` : column)).join(', ')} LIMIT $4`;
    const { rows } = await this.#run(text, [this.#queue, first, second, limit]);
    const ids = rows.map((row) => row['id'] as string);
    const last = rows.at(-1);
    if (rows.length < limit || !last) return { ids };
    return { ids, cursor: `${String(last['first'])}_${String(last['second'])}` };
  }

  async #count(): Promise<QueueCounts> {
    const { rows } = await this.#run(COUNT, [this.#queue]);
    const count = (place: string): number => Number(rows[0]![place]);
    const scheduled = count('scheduled');
    return {
      waiting: count('waiting'),
      scheduled,
      deferred: count('delayed') - scheduled,
      sending: count('sending'),
      dead: count('dead'),
    };
  }
}

/** A job that was never started was to go later from the first. */
const SCHEDULED = `state = 'delayed' AND attempts_started = 0`;

const LISTS: Readonly<
  Record<QueuePlace, { where: string; order: readonly [string, string]; start: readonly [string, string] }>
> = {
  waiting: { where: `state = 'waiting'`, order: ['priority', 'seq'], start: ['-1', '0'] },
  scheduled: { where: SCHEDULED, order: ['process_at_ms', 'id'], start: ['0', ''] },
  deferred: { where: `state = 'delayed' AND attempts_started > 0`, order: ['process_at_ms', 'id'], start: ['0', ''] },
  sending: { where: `state = 'active'`, order: ['processed_at_ms', 'id'], start: ['0', ''] },
  dead: { where: `state = 'failed'`, order: ['finished_at_ms', 'id'], start: [String(Number.MAX_SAFE_INTEGER), ''] },
};

const counted = (where: string): string => `(SELECT count(*) FROM ${QUEUE_SCHEMA}.job WHERE queue = $1 AND ${where})`;

const COUNT = `SELECT ${counted(`state = 'waiting'`)} AS waiting, ${counted(`state = 'delayed'`)} AS delayed,
  ${counted(SCHEDULED)} AS scheduled, ${counted(`state = 'active'`)} AS sending, ${counted(`state = 'failed'`)} AS dead`;

/** Milliseconds. */
const BELIEVED = 3_000;

/** @param byId whether the list goes on by an id, and not by a number */
function cursorOf(cursor: string | undefined, byId: boolean): readonly [string, string] | undefined {
  const form = byId ? /^(-?\d{1,18})_([\w-]{0,64})$/ : /^(-?\d{1,18})_(\d{1,18})$/;
  const [, first, second] = form.exec(cursor ?? '') ?? [];
  return first === undefined ? undefined : [first, second ?? ''];
}
