import type { Cluster, Redis } from 'ioredis';
import { COUNT_DAYS, type Count, type CountStore } from '../events/count-store.interface.js';
import type { Guard } from './redis.outcome-store.js';

/** Counters in Redis, a hash a day. */
export class RedisCountStore implements CountStore {
  readonly #client: Redis | Cluster;
  readonly #prefix: string;
  readonly #guard: Guard;

  /** @param prefix of its keys, with the hash tag of the queue's keys */
  constructor(client: Redis | Cluster, prefix: string, guard: Guard) {
    this.#client = client;
    this.#prefix = prefix;
    this.#guard = guard;
  }

  async add(counts: readonly Count[]): Promise<void> {
    if (counts.length === 0) return;
    await this.#guard(async () => {
      const pipeline = this.#client.multi();
      for (const { day, provider, stream, tag, type, count } of counts)
        pipeline.hincrby(this.#prefix + day, JSON.stringify([provider, stream, tag, type]), count);
      for (const day of new Set(counts.map((one) => one.day))) pipeline.expire(this.#prefix + day, COUNT_DAYS * 86_400);
      failed(await pipeline.exec());
    });
  }

  async read(days: readonly string[]): Promise<Count[]> {
    const hashes = await this.#guard(() => Promise.all(days.map((day) => this.#client.hgetall(this.#prefix + day))));
    return hashes.flatMap((hash, index) =>
      Object.entries(hash).map(([field, count]): Count => {
        const [provider, stream, tag, type] = JSON.parse(field) as [string, string, string, Count['type']];
        return { day: days[index]!, provider, stream, tag, type, count: Number(count) };
      }),
    );
  }
}

function failed(results: [Error | null, unknown][] | null): void {
  const error = results?.find(([one]) => one)?.[0];
  if (error) throw error;
}
