import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MailQueue } from '../../lib/queue/mail-queue.interface.js';
import { createMemoryMailQueue } from '../../lib/queue/memory-mail-queue.js';
import { openMailQueue } from '../../lib/queue/open-mail-queue.js';
import type { QueueOptions } from '../../lib/queue/queue-options.interface.js';
import { postgresUrl, redisUrl } from './servers.js';

/** A queue of a test file's own on one of the backends. */
export interface OpenBackend {
  readonly queue: MailQueue;
  /** Lets so much time go by, on the queue's own clock. Milliseconds. */
  pass(milliseconds: number): Promise<void>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Takes everything out. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export interface Backend {
  readonly name: string;
  open(): Promise<OpenBackend>;
}

/** Every backend there is, for `describe.each`. */
export const BACKENDS: readonly Backend[] = [
  { name: 'redis', open: async () => openReal({ redis: await redisUrl() }) },
  { name: 'postgres', open: async () => openReal({ postgres: await postgresUrl() }) },
  { name: 'embedded', open: () => openReal({ embedded: true }) },
  { name: 'memory', open: openMemory },
];

/** Options of the queue of a whole application on each of them, for `describe.each`. */
export const QUEUES: readonly { readonly name: string; options(): Promise<QueueOptions> }[] = [
  { name: 'redis', options: async () => ({ redis: await redisUrl() }) },
  { name: 'postgres', options: async () => ({ postgres: await postgresUrl() }) },
  { name: 'embedded', options: async () => ({ embedded: true }) },
];

async function openReal(options: QueueOptions): Promise<OpenBackend> {
  const { mailQueue, bullQueue } = await openMailQueue({ queue: { name: `test-${randomUUID()}`, ...options } });
  await bullQueue.waitUntilReady();
  return {
    queue: mailQueue,
    pass: (milliseconds) => sleep(milliseconds),
    now: Date.now,
    clear: () => bullQueue.obliterate({ force: true }),
    close: () => mailQueue.close(),
  };
}

async function openMemory(): Promise<OpenBackend> {
  const queue = createMemoryMailQueue();
  return {
    queue,
    pass: (milliseconds) => queue.advance(milliseconds),
    now: () => queue.now(),
    clear: async () => queue.clear(),
    close: () => queue.close(),
  };
}
