import type { Cluster, Redis } from 'ioredis';
import { RETENTION } from '../delivery/outcome-store.interface.js';
import { inOrder, packEvent, unpackEvent } from '../events/event-codec.js';
import type { MailEvent } from '../events/mail-event.interface.js';
import { leftBy, MOST_EVENTS, type TimelineStore } from '../events/timeline-store.interface.js';
import type { Guard } from './redis.outcome-store.js';

/** Timelines in Redis: a hash a mail, from an event's id to the event. */
export class RedisTimelineStore implements TimelineStore {
  readonly #client: Redis | Cluster;
  readonly #prefix: string;
  readonly #guard: Guard;
  readonly #retention: number;

  /** @param prefix of its keys, with the hash tag of the queue's keys @param retention in milliseconds */
  constructor(client: Redis | Cluster, prefix: string, guard: Guard, retention = RETENTION) {
    this.#client = client;
    this.#prefix = prefix;
    this.#guard = guard;
    this.#retention = retention;
    client.defineCommand(APPEND, { numberOfKeys: 2, lua: append });
  }

  async known(mailId: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    const found = await this.#guard(() => this.#client.hmget(this.#prefix + mailId, ...ids));
    return new Set(ids.filter((_, index) => found[index] !== null));
  }

  async append(mailId: string, events: readonly MailEvent[]): Promise<ReadonlySet<string>> {
    if (events.length === 0) return new Set();
    const args = events.flatMap((event) => [event.id, packEvent(event, { raw: false }), MOST_EVENTS - leftBy(event)]);
    const client = this.#client as unknown as Record<string, (...args: unknown[]) => Promise<string[]>>;
    const key = this.#prefix + mailId;
    return new Set(await this.#guard(() => client[APPEND]!(key, key + MORE, this.#retention, ...args)));
  }

  async countMore(mailId: string, count: number): Promise<void> {
    const key = this.#prefix + mailId + MORE;
    await this.#guard(async () => {
      const results = await this.#client.multi().incrby(key, count).pexpire(key, this.#retention).exec();
      const error = results?.find(([one]) => one)?.[0];
      if (error) throw error;
    });
  }

  async more(mailId: string): Promise<number> {
    return Number(await this.#guard(() => this.#client.get(this.#prefix + mailId + MORE)));
  }

  async read(mailId: string): Promise<MailEvent[]> {
    const packed = await this.#guard(() => this.#client.hvals(this.#prefix + mailId));
    return inOrder(packed.map(unpackEvent));
  }
}

const APPEND = 'relayTimeline:append';

/** Of the key beside a mail's own. */
const MORE = ':more';

/** ARGV: ttl in milliseconds, then id, event, and up to how many there is room for it, in turn. Gives the ids that are new. */
const append = `
local fresh = {}
local more = 0
local size = redis.call('HLEN', KEYS[1])
for i = 2, #ARGV, 3 do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 0 then
    fresh[#fresh + 1] = ARGV[i]
    if size < tonumber(ARGV[i + 2]) then
      redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
      size = size + 1
    else
      more = more + 1
    end
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
if more > 0 then
  redis.call('INCRBY', KEYS[2], more)
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
end
return fresh`;
