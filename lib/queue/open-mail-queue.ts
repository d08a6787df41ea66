import { Logger } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import type { QueueBackend } from './backend/queue-backend.js';
import { BullMailQueue } from './bull-mail-queue.js';
import { EncryptedMailQueue, encryptedBlobs } from './encrypted.mail-queue.js';
import type { MailQueue } from './mail-queue.interface.js';
import { OutageLog, type RelayLogger } from './outage-log.js';
import { PayloadCipher } from './payload-cipher.js';
import { SharingMailQueue } from './sharing.mail-queue.js';
import { queueNameOf, type QueueOptions } from './queue-options.interface.js';

export interface OpenQueueOptions {
  queue: QueueOptions;
  /** The relay's name, where it has one. */
  name?: string;
  /** The connection options of the application's own BullModule, for `redis: 'shared'`. */
  shared?: unknown;
  /** How long what became of a mail is kept after its last change, in milliseconds. Default 30 days. */
  retention?: number;
  /** Default Nest's logger. */
  logger?: RelayLogger;
}

export interface OpenedQueue {
  mailQueue: MailQueue;
  /** For `@InjectQueue(RELAY_QUEUE)`. */
  bullQueue: Queue;
}

/**
 * Opens the queue and the store on the backend that the options name. It waits for nothing: a backend that is down is no error here,
 * but what is queued meanwhile fails with QueueUnavailableError.
 *
 * @throws RelayConfigurationError
 */
export async function openMailQueue(options: OpenQueueOptions): Promise<OpenedQueue> {
  const logger = options.logger ?? new Logger('MailRelay');
  const { encryption } = options.queue ?? {};
  const cipher = encryption === undefined ? undefined : new PayloadCipher(encryption);
  const backend = await openBackend(options, logger);
  const queue = new BullMailQueue(backend, logger);
  const mailQueue = cipher
    ? new SharingMailQueue(new EncryptedMailQueue(queue, cipher), encryptedBlobs(backend.blobs, cipher), cipher.id)
    : new SharingMailQueue(queue, backend.blobs);
  return { mailQueue, bullQueue: backend.queue };
}

const BACKENDS = ['redis', 'postgres', 'embedded'] as const;

async function openBackend(
  { queue, name, shared, retention }: OpenQueueOptions,
  logger: RelayLogger,
): Promise<QueueBackend> {
  if (typeof queue !== 'object' || queue === null) throw new RelayConfigurationError('queue', CHOICE);
  const given = BACKENDS.filter((backend) => queue[backend] !== undefined);
  if (given.length !== 1)
    throw new RelayConfigurationError(
      'queue',
      `${given.length === 0 ? NONE : `not both ${given.join(' and ')}`}. ${CHOICE}`,
    );
  const queueName = queueNameOf(queue, name);
  if (!/^[\w-]+$/.test(queueName)) throw new RelayConfigurationError('queue.name', 'letters, digits, - and _ only');
  switch (given[0]!) {
    case 'redis': {
      const [{ RedisBackend }, { redisTarget }] = await Promise.all([
        import('./backend/redis/redis.backend.js'),
        import('./backend/redis/redis-target.js'),
      ]);
      if (queue.redis !== 'shared') return new RedisBackend(queueName, redisTarget(queue.redis), logger, retention);
      if (shared === undefined) throw new RelayConfigurationError('queue.redis', NOT_SHARED);
      return new RedisBackend(queueName, redisTarget(shared), logger, retention);
    }
    case 'postgres': {
      const [{ PostgresBackend }, { postgresSource }] = await Promise.all([
        import('./backend/postgres/postgres.backend.js'),
        import('./backend/postgres/postgres-source.js'),
      ]);
      const outage = new OutageLog(logger, 'Postgres');
      const source = await postgresSource(queue.postgres, (error) => outage.down(error));
      return new PostgresBackend('postgres', queueName, source, outage, retention);
    }
    case 'embedded': {
      const { openEmbedded } = await import('./backend/embedded/open-embedded.js');
      return openEmbedded(queue.embedded, queueName, new OutageLog(logger, 'embedded database'), retention);
    }
  }
}

const NONE = 'no backend is given';
const CHOICE = `Give one: { redis: 'redis://localhost:6379' }, { postgres: 'postgres://localhost/app' } or { embedded: './.relay' }`;
const NOT_SHARED = `'shared' takes the connection of the application's BullModule.forRoot({ connection }), and there is none. Import it, or give a Redis URL`;
