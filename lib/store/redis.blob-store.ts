import type { Cluster, Redis } from 'ioredis';
import type { BlobStore } from '../queue/blob-store.interface.js';
import type { Guard } from './redis.outcome-store.js';

/** Contents in Redis, a string each. */
export class RedisBlobStore implements BlobStore {
  readonly #client: Redis | Cluster;
  readonly #prefix: string;
  readonly #guard: Guard;

  /** @param prefix of its keys, with the hash tag of the queue's keys */
  constructor(client: Redis | Cluster, prefix: string, guard: Guard) {
    this.#client = client;
    this.#prefix = prefix;
    this.#guard = guard;
    client.defineCommand(COMMAND, { numberOfKeys: 1, lua: KEEP });
  }

  async keep(key: string, time: number): Promise<boolean> {
    const client = this.#client as unknown as Record<string, (...args: unknown[]) => Promise<number>>;
    return (await this.#guard(() => client[COMMAND]!(this.#prefix + key, Math.ceil(time)))) === 1;
  }

  async put(key: string, content: string, time: number): Promise<void> {
    if (await this.keep(key, time)) return;
    const stored = await this.#guard(() => this.#client.set(this.#prefix + key, content, 'PX', Math.ceil(time), 'NX'));
    // Somebody else was faster, perhaps for a shorter time.
    if (stored === null) await this.keep(key, time);
  }

  /** A piece at a time: what is large must not hold up everybody else's commands. */
  async get(key: string): Promise<string | null> {
    const name = this.#prefix + key;
    const length = await this.#guard(() => this.#client.strlen(name));
    let content = '';
    for (let at = 0; at < length; at += PIECE)
      content += await this.#guard(() => this.#client.getrange(name, at, at + PIECE - 1));
    // Forgotten meanwhile, or never there.
    return content.length === length && length > 0 ? content : null;
  }
}

const COMMAND = 'relayBlob:keep';

/** In bytes. */
const PIECE = 1024 * 1024;

/** ARGV: for how many milliseconds at least. */
const KEEP = `
local left = redis.call('PTTL', KEYS[1])
if left == -2 then return 0 end
if left < tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 1`;
