import type { RedisClient } from './redis-target.js';

/**
 * The states of jobs, by BullMQ's names. BullMQ looks for a job that waits without a priority in the list of them all; here it is whatever is
 * in no other place, so that the answer costs the same however many wait.
 */
export class JobStates {
  readonly #client: RedisClient;
  readonly #key: (name: string) => string;

  /** @param key of a part of the queue */
  constructor(client: RedisClient, key: (name: string) => string) {
    this.#client = client;
    this.#key = key;
    client.defineCommand(STATE, { numberOfKeys: 1 + PLACES.length, lua: state });
  }

  of(id: string): Promise<string> {
    const client = this.#client as unknown as Record<string, (...args: string[]) => Promise<string>>;
    return client[STATE]!(...[id, ...PLACES].map(this.#key), id);
  }
}

const STATE = 'relayQueue:state';
const PLACES = ['completed', 'failed', 'delayed', 'prioritized', 'active'] as const;

/** KEYS: the job, then its places; in the last, a list, are those in a worker's hands. ARGV: the job's id. */
const state = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 'unknown' end
for i, name in ipairs({ 'completed', 'failed', 'delayed', 'prioritized' }) do
  if redis.call('ZSCORE', KEYS[i + 1], ARGV[1]) then return name end
end
if redis.call('LPOS', KEYS[6], ARGV[1]) then return 'active' end
return 'waiting'`;
