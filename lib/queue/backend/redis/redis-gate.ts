import { Deferred } from '../../deferred.js';
import { gatherCommands } from './gather-commands.js';
import { COMMAND_TIMEOUT, type RedisClient } from './redis-target.js';
import { within } from '../../within.js';
import { notThere, redisUnavailable } from './redis-errors.js';

/** How long a call waits for the first connection, and for one that was lost just now (a restart, a failover), in milliseconds. */
const FIRST_PATIENCE = 4_000;
const PATIENCE = 1_000;

/**
 * The way to Redis for everything but workers: it lets a call through while there is a connection, holds it a moment while there is
 * none yet or none any more, and then refuses. Nothing is kept for later, so that what fails now is not stored afterwards.
 */
export class RedisGate {
  readonly #client: RedisClient;
  #up = new Deferred();
  #isUp = false;
  #giveUpAt = Date.now() + FIRST_PATIENCE;

  /** @param ready of BullMQ's queue, which can do nothing before its first connection */
  constructor(client: RedisClient, ready: Promise<unknown>) {
    this.#client = client;
    const opened = (): void => {
      this.#isUp = true;
      this.#up.resolve();
    };
    ready.then(opened).then(
      () => client.on('ready', opened),
      () => {},
    );
    client.on('close', () => this.#lost());
  }

  /** @throws QueueUnavailableError within 5 seconds */
  async call<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#isUp) await this.#wait();
    gatherCommands(this.#client);
    try {
      return await (this.#client.isCluster ? limited(work()) : work());
    } catch (error) {
      const unavailable = redisUnavailable(error);
      if (!unavailable) throw error;
      // Who does not answer may never do so again; until a new connection is up, calls fail at once.
      if (isTimeout(error) && this.#client.status === 'ready') this.#client.disconnect(true);
      throw unavailable;
    }
  }

  async #wait(): Promise<void> {
    const patience = this.#giveUpAt - Date.now();
    if (patience > 0) await within(patience, this.#up.promise);
    if (!this.#isUp) throw notThere();
  }

  #lost(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#up = new Deferred();
    this.#giveUpAt = Date.now() + PATIENCE;
  }
}

/** ioredis does not limit how long a command of a cluster waits for a node. */
async function limited<T>(work: Promise<T>): Promise<T> {
  if (await within(COMMAND_TIMEOUT, work)) return work;
  work.catch(() => {});
  throw new Error('Command timed out');
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Command timed out');
}
