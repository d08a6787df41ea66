import type { Cluster, Redis } from 'ioredis';
import { rankOf } from '../suppression/merge-entries.js';
import type { SuppressionEntry, SuppressionScope } from '../suppression/suppression-entry.interface.js';
import {
  SUPPRESSION_BATCH,
  type SuppressionKey,
  type SuppressionPage,
  type SuppressionQuery,
  type SuppressionStore,
} from '../suppression/suppression-store.interface.js';
import type { Guard } from './redis.outcome-store.js';
import { SUPPRESSION_SCRIPTS } from './redis-suppression-scripts.js';
import { inBatches, mergedByKey } from './suppression-batches.js';
import { applicableKeys, keyOfText, keyText } from './suppression-key.js';

/** Who is not to be written to, in Redis, a key an entry, beside the queue's own keys. The clock is the server's. */
export class RedisSuppressionStore implements SuppressionStore {
  readonly #client: Redis | Cluster;
  readonly #prefix: string;
  readonly #guard: Guard;

  /** @param prefix of its keys, with the hash tag of the queue's keys */
  constructor(client: Redis | Cluster, prefix: string, guard: Guard) {
    this.#client = client;
    this.#prefix = prefix;
    this.#guard = guard;
    for (const [name, lua] of Object.entries(SUPPRESSION_SCRIPTS)) client.defineCommand(COMMAND + name, { lua });
  }

  async find(addresses: readonly string[], scope: SuppressionScope): Promise<SuppressionEntry[]> {
    const entries: SuppressionEntry[] = [];
    for (const batch of inBatches(addresses, SUPPRESSION_BATCH))
      entries.push(...(await this.#get(batch.flatMap((address) => applicableKeys(address, scope)))));
    return entries;
  }

  async put(entries: readonly SuppressionEntry[]): Promise<void> {
    for (const batch of inBatches(mergedByKey(entries), SUPPRESSION_BATCH)) {
      const names = batch.map(keyText);
      const args = batch.flatMap((entry, index) => [
        names[index]!,
        rankOf(entry.reason),
        // A time before the epoch is past, as the first millisecond after it is.
        entry.expires ? Math.max(1, entry.expires.getTime()) : 0,
        packed(entry),
      ]);
      await this.#run('put', [this.#index, this.#expiring, ...names.map((name) => this.#keyOf(name))], args);
    }
  }

  async delete(key: SuppressionKey, reason?: string): Promise<boolean> {
    const name = keyText(key);
    const keys = [this.#index, this.#expiring, this.#keyOf(name)];
    return (await this.#run('remove', keys, reason === undefined ? [name] : [name, reason])) === 1;
  }

  async page({ after, limit, search = '', stream = '', tenant = '' }: SuppressionQuery): Promise<SuppressionPage> {
    const entries: SuppressionEntry[] = [];
    let from = after ? keyText(after) : '';
    for (;;) {
      const args = [from, limit - entries.length, search, stream, tenant, LOOKED_AT];
      const [names, last, end] = (await this.#run('names', [this.#index], args)) as [string[], string, number];
      // What has expired meanwhile leaves a gap, which is filled.
      if (names.length > 0) entries.push(...(await this.#get(names)));
      if (end === 1) return { entries };
      from = last;
      if (entries.length === limit) return { entries, next: keyOfText(from) };
    }
  }

  async countSoftBounce(address: string, event: string, at: number, within: number): Promise<number> {
    return (await this.#run('countSoftBounce', [`${this.#prefix}soft:${address}`], [event, at, within])) as number;
  }

  get #index(): string {
    return `${this.#prefix}index`;
  }

  get #expiring(): string {
    return `${this.#prefix}expiring`;
  }

  #keyOf(name: string): string {
    return `${this.#prefix}entry:${name}`;
  }

  async #get(names: readonly string[]): Promise<SuppressionEntry[]> {
    const values = await this.#guard(() => this.#client.mget(names.map((name) => this.#keyOf(name))));
    return names.flatMap((name, index) => (values[index] ? unpacked(name, values[index]) : []));
  }

  #run(name: keyof typeof SUPPRESSION_SCRIPTS, keys: string[], args: (string | number)[]): Promise<unknown> {
    const client = this.#client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    return this.#guard(() => client[COMMAND + name]!(keys.length, ...keys, ...args));
  }
}

const COMMAND = 'relaySuppression:';

/** How many names a script looks at before it lets others have their turn: a few milliseconds. */
const LOOKED_AT = 5_000;

function packed({ reason, source, at }: SuppressionEntry): string {
  return JSON.stringify({ reason, source, at: at.getTime() });
}

function unpacked(name: string, value: string): SuppressionEntry {
  const [, expires, rest] = /^\d (\d+) (.*)$/s.exec(value)!;
  const { at, ...words } = JSON.parse(rest!) as { reason: string; source?: string; at: number };
  return {
    ...keyOfText(name),
    ...words,
    at: new Date(at),
    ...(expires !== '0' && { expires: new Date(Number(expires)) }),
  };
}
