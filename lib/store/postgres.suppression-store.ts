import { rankOf } from '../suppression/merge-entries.js';
import type { SuppressionEntry, SuppressionScope } from '../suppression/suppression-entry.interface.js';
import {
  MOST_SOFT_BOUNCES,
  SUPPRESSION_BATCH,
  type SuppressionKey,
  type SuppressionPage,
  type SuppressionQuery,
  type SuppressionStore,
} from '../suppression/suppression-store.interface.js';
import type { RunStatement } from './postgres.outcome-store.js';
import {
  COUNT_SOFT_BOUNCES,
  DELETE_SUPPRESSION,
  FIND_SUPPRESSIONS,
  PAGE_OF_SUPPRESSIONS,
  PURGE_SOFT_BOUNCES,
  PURGE_SUPPRESSIONS,
  PUT_SUPPRESSIONS,
  REMEMBER_SOFT_BOUNCE,
} from './postgres-suppression-statements.js';

import { inBatches, mergedByKey } from './suppression-batches.js';

/** Who is not to be written to, in Postgres, a row an entry. The clock is the server's. */
export class PostgresSuppressionStore implements SuppressionStore {
  readonly #queue: string;
  readonly #run: RunStatement;

  /** @param queue the BullMQ queue's name, which the relays in one database differ by */
  constructor(queue: string, run: RunStatement) {
    this.#queue = queue;
    this.#run = run;
  }

  async find(
    addresses: readonly string[],
    { stream = '', tenant = '' }: SuppressionScope,
  ): Promise<SuppressionEntry[]> {
    const entries: SuppressionEntry[] = [];
    for (const batch of inBatches(addresses, SUPPRESSION_BATCH)) {
      const { rows } = await this.#run(FIND_SUPPRESSIONS, [this.#queue, batch, stream, tenant]);
      for (const row of rows) entries.push(entryOf(row));
    }
    return entries;
  }

  /** In the order of their keys: two that write the same rows in different orders would lock each other out. */
  async put(entries: readonly SuppressionEntry[]): Promise<void> {
    for (const batch of inBatches(mergedByKey(entries), SUPPRESSION_BATCH)) {
      await this.#run(PUT_SUPPRESSIONS, [
        this.#queue,
        batch.map(({ address }) => address),
        batch.map(({ stream = '' }) => stream),
        batch.map(({ tenant = '' }) => tenant),
        batch.map(({ reason }) => reason),
        batch.map(({ reason }) => rankOf(reason)),
        batch.map(({ source = null }) => source),
        batch.map(({ at }) => at.getTime()),
        batch.map(({ expires }) => expires?.getTime() ?? null),
      ]);
      await this.purge(1);
    }
  }

  async delete({ address, stream = '', tenant = '' }: SuppressionKey, reason?: string): Promise<boolean> {
    const { rows } = await this.#run(DELETE_SUPPRESSION, [this.#queue, address, stream, tenant, reason ?? null]);
    return rows[0]?.['there'] === true;
  }

  async page({ after, limit, search = '', stream, tenant }: SuppressionQuery): Promise<SuppressionPage> {
    const start = [after?.address ?? '', after?.stream ?? '', after?.tenant ?? ''];
    const filters = [search, stream ?? null, tenant ?? null];
    // One more than asked for tells whether there is another page.
    const { rows } = await this.#run(PAGE_OF_SUPPRESSIONS, [this.#queue, ...start, ...filters, limit + 1]);
    const entries = rows.slice(0, limit).map(entryOf);
    return rows.length > limit ? { entries, next: entries.at(-1)! } : { entries };
  }

  async countSoftBounce(address: string, event: string, at: number, within: number): Promise<number> {
    await this.#run(REMEMBER_SOFT_BOUNCE, [this.#queue, address, event, at, within]);
    // A statement of its own: so the last of several at once sees them all.
    const { rows } = await this.#run(COUNT_SOFT_BOUNCES, [this.#queue, address, within, MOST_SOFT_BOUNCES]);
    return rows[0]!['bounces'] as number;
  }

  /** Forgets what is expired, of all relays in this database, a batch at a time. @param batches at most */
  async purge(batches = 10): Promise<void> {
    for (const statement of [PURGE_SUPPRESSIONS, PURGE_SOFT_BOUNCES]) {
      for (let batch = 0; batch < batches; batch++) {
        const { rows } = await this.#run(statement, []);
        if (rows[0]!['purged'] === 0) break;
      }
    }
  }
}

/** pg gives a bigint as text. */
function entryOf(row: Record<string, unknown>): SuppressionEntry {
  const text = (column: string): string | undefined => (row[column] as string | null) || undefined;
  const [stream, tenant, source] = [text('stream'), text('tenant'), text('source')];
  return {
    address: row['address'] as string,
    reason: row['reason'] as string,
    ...(stream !== undefined && { stream }),
    ...(tenant !== undefined && { tenant }),
    ...(source !== undefined && { source }),
    at: new Date(Number(row['at'])),
    ...(row['expires'] !== null && { expires: new Date(Number(row['expires'])) }),
  };
}
