import type { Cluster, Redis } from 'ioredis';
import { COUNT_DAYS, type Count, type CountStore, MOST_OF_A_DAY } from '../events/count-store.interface.js';
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
    client.defineCommand(ADD, { lua, numberOfKeys: 1 });
  }

  async add(counts: readonly Count[]): Promise<void> {
    if (counts.length === 0) return;
    const days = new Map<string, (string | number)[]>();
    for (const { day, provider, stream, tag, type, count } of counts) {
      const own = days.get(day) ?? [];
      own.push(JSON.stringify([provider, stream, tag, type]), count, tag === '' ? 0 : 1);
      days.set(day, own);
    }
    const client = this.#client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    await this.#guard(() =>
      Promise.all(
        [...days].map(([day, own]) => client[ADD]!(this.#prefix + day, MOST_OF_A_DAY, COUNT_DAYS * 86_400, ...own)),
      ),
    );
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

const ADD = 'relayCount:add';

/** KEYS: the day. ARGV: how many counters it may have, how long it is kept, then counters: field, count, 1 for one of a tag. */
const lua = `
local full = redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[1])
for i = 3, #ARGV, 3 do
  if not full or ARGV[i + 2] == '0' or redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then
    redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[2])`;
