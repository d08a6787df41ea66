import type { Cluster, Redis } from 'ioredis';
import { SHARED_RETENTION, type SharedDocument, type SharedStore } from '../shared-store.interface.js';
import type { Guard } from './redis.outcome-store.js';

/** Documents in Redis, a hash each, beside the queue's own keys. The clock is the server's. */
export class RedisSharedStore implements SharedStore {
  readonly #client: Redis | Cluster;
  readonly #prefix: string;
  readonly #guard: Guard;

  /** @param prefix of its keys, with the hash tag of the queue's keys */
  constructor(client: Redis | Cluster, prefix: string, guard: Guard) {
    this.#client = client;
    this.#prefix = prefix;
    this.#guard = guard;
    client.defineCommand(COMMAND, { numberOfKeys: 1, lua: SWAP });
  }

  /** A swap that no version fits. */
  async read(key: string): Promise<SharedDocument> {
    return this.swap(key, -1, '');
  }

  async swap(key: string, version: number, text: string): Promise<SharedDocument & { swapped: boolean }> {
    const client = this.#client as unknown as Record<string, (...args: unknown[]) => Promise<Reply>>;
    const [swapped, stored, now, seconds, micros] = await this.#guard(() =>
      client[COMMAND]!(this.#prefix + key, version, text, SHARED_RETENTION),
    );
    return {
      swapped: swapped === 1,
      version: stored,
      text: now,
      now: Number(seconds) * 1_000 + Number(micros) / 1_000,
    };
  }
}

type Reply = [swapped: number, version: number, text: string, seconds: string, micros: string];

const COMMAND = 'relayShared:swap';

/** ARGV: the version that is to be there (-1: only read), the new text, for how many milliseconds to keep it. */
const SWAP = `
local stored = redis.call('HMGET', KEYS[1], 'version', 'text')
local version = tonumber(stored[1] or 0)
local text = stored[2] or ''
local swapped = 0
if version == tonumber(ARGV[1]) then
  swapped = 1
  version = version + 1
  text = ARGV[2]
  redis.call('HSET', KEYS[1], 'version', version, 'text', text)
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
local time = redis.call('TIME')
return { swapped, version, text, time[1], time[2] }`;
