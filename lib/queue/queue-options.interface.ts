import type { QueueEncryption } from './payload-cipher.js';

/** Where the queue lives. Give one of `redis`, `postgres` and `embedded`. */
export interface QueueOptions {
  /**
   * A URL (`redis://`, `rediss://`), ioredis options, `{ cluster: [{ host, port }], options }`, an ioredis instance (its options are
   * used, itself is left alone), or `'shared'`: the connection options of the application's own `BullModule.forRoot()`.
   */
  redis?: string | object;
  /** A URL, pg options, or a pool (anything with pg's `connect` and `query`), whose search_path is left alone. Schemas `bullmq` and `relay`, migrated at start. */
  postgres?: string | object;
  /** A folder for PGlite, Postgres in this process; `true` for memory only. */
  embedded?: string | true;
  /** Name of the BullMQ queue. Default {@link RELAY_QUEUE}, with the relay's name behind it where there is one. */
  name?: string;
  /** Encrypts what mails hold before it is stored. Default not. */
  encryption?: QueueEncryption;
}

/** Name of the default relay's queue, for `@InjectQueue(RELAY_QUEUE)`. */
export const RELAY_QUEUE = 'relay';

/** The BullMQ queue's name: as configured, else by the relay's name. */
export function queueNameOf(options: Pick<QueueOptions, 'name'>, relay?: string): string {
  if (options.name) return options.name;
  return relay ? `${RELAY_QUEUE}-${relay}` : RELAY_QUEUE;
}

/** The queue of tasks beside it. */
export function taskQueueOf(queueName: string): string {
  return `${queueName}-tasks`;
}
