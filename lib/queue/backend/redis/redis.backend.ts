import { Queue, QueueKeys, RedisConnection, RedisQueueBackend, Worker } from 'bullmq';
import type { MailSnapshot } from '../../../mail/mail-snapshot.interface.js';
import { type Guard, RedisOutcomeStore } from '../../../store/redis.outcome-store.js';
import { RedisCountStore } from '../../../store/redis.count-store.js';
import { RedisTimelineStore } from '../../../store/redis.timeline-store.js';
import { RedisBlobStore } from '../../../store/redis.blob-store.js';
import { HISTORY_META, RedisHistoryStore } from '../../../store/redis.history-store.js';
import { RedisSharedStore } from '../../../store/redis.shared-store.js';
import { RedisSuppressionStore } from '../../../store/redis.suppression-store.js';
import { OutageLog, type RelayLogger } from '../../outage-log.js';
import { noTransactions } from '../no-transactions.js';
import { taskQueueOf } from '../../queue-options.interface.js';
import { OpenCalls } from '../open-calls.js';
import type {
  AnyBackendFactory,
  OurWorkerOptions,
  QueueBackend,
  SnapshotProcessor,
  SnapshotQueue,
  SnapshotWorker,
  TaskBackend,
  WorkerHandle,
} from '../queue-backend.js';
import { gatherCommands } from './gather-commands.js';
import { JobStates } from './job-states.js';
import { RedisGate } from './redis-gate.js';
import { watchHeartbeat } from './redis-heartbeat.js';
import { RedisInspection } from './redis.inspection.js';
import { inspectRedis } from './redis-inspection.js';
import type { RedisClient, RedisTarget } from './redis-target.js';

/** Of all keys: the braces keep them in one slot of a Redis Cluster. */
export const KEY_PREFIX = '{relay}';

const QUEUE_OPTIONS = { connection: {}, prefix: KEY_PREFIX };

/** BullMQ on Redis. Queue and store share one connection that fails fast; a worker has two of its own that wait. */
export class RedisBackend implements QueueBackend {
  readonly name = 'redis';
  readonly queue: SnapshotQueue;
  readonly store: RedisOutcomeStore;
  readonly shared: RedisSharedStore;
  readonly timeline: RedisTimelineStore;
  readonly counts: RedisCountStore;
  readonly suppressions: RedisSuppressionStore;
  readonly blobs: RedisBlobStore;
  readonly history: RedisHistoryStore;
  readonly inspection: RedisInspection;
  readonly #states: JobStates;
  readonly #connect: RedisTarget;
  readonly #client: RedisClient;
  readonly #gate: RedisGate;
  readonly #outage: OutageLog;
  readonly #calls = new OpenCalls();
  readonly #taskQueue: Queue;

  constructor(queueName: string, connect: RedisTarget, logger: RelayLogger, retention?: number) {
    this.#connect = connect;
    this.#outage = new OutageLog(logger, 'Redis');
    this.#client = connect('producer');
    this.#watch(this.#client);
    this.queue = new Queue<MailSnapshot>(queueName, QUEUE_OPTIONS, backendOf(this.#client)) as never;
    this.queue.on('error', () => {}); // The client's own errors, which are watched already.
    this.#taskQueue = new Queue(taskQueueOf(queueName), QUEUE_OPTIONS, backendOf(this.#client));
    this.#taskQueue.on('error', () => {});
    const ready = this.queue.waitUntilReady();
    this.#gate = new RedisGate(this.#client, ready);
    const guard: Guard = (work) => this.call(work);
    const prefix = `${KEY_PREFIX}:${queueName}`;
    const [mails, history] = [`${prefix}:mail:`, `${prefix}:history:`];
    this.store = new RedisOutcomeStore(this.#client, mails, `${history}${HISTORY_META}`, guard, retention);
    this.shared = new RedisSharedStore(this.#client, `${prefix}:shared:`, guard);
    this.timeline = new RedisTimelineStore(this.#client, `${prefix}:timeline:`, guard, retention);
    this.counts = new RedisCountStore(this.#client, `${prefix}:count:`, guard);
    this.suppressions = new RedisSuppressionStore(this.#client, `${prefix}:suppression:`, guard);
    this.blobs = new RedisBlobStore(this.#client, `${prefix}:blob:`, guard);
    this.history = new RedisHistoryStore(this.#client, history, mails, guard, retention);
    const { queue } = this;
    this.inspection = new RedisInspection(this.#client, (name) => queue.toKey(name), `${prefix}:scheduled`, guard);
    this.#states = new JobStates(this.#client, (name) => queue.toKey(name));
    ready.then(() => inspectRedis(this.#client, logger)).catch(() => {});
  }

  call<T>(work: () => Promise<T>): Promise<T> {
    return this.#calls.run(() => this.#gate.call(work));
  }

  state(id: string): Promise<string> {
    return this.#states.of(id);
  }

  async due(id: string): Promise<number | undefined> {
    const score = await this.#client.zscore(this.queue.toKey('delayed'), id);
    return score === null ? undefined : Math.floor(Number(score) / DELAYED_SCORE);
  }

  scheduled(mails: readonly { id: string; at: number }[]): Promise<void> {
    return this.inspection.scheduled(mails);
  }

  removed(id: string): Promise<void> {
    return this.inspection.removed(id);
  }

  get tasks(): TaskBackend {
    const queue = this.#taskQueue;
    return {
      queue,
      call: (work) => this.call(work),
      createWorker: (processor, options) => {
        const [worker, , destroy] = this.#work(queue.name, processor, options);
        return { worker, destroy };
      },
    };
  }

  createWorker(processor: SnapshotProcessor, options: OurWorkerOptions): WorkerHandle {
    const [worker, client, destroy] = this.#work(this.queue.name, processor, options);
    return { worker: worker as unknown as SnapshotWorker, destroy, expectCommand: () => gatherCommands(client) };
  }

  #work(name: string, processor: unknown, options: OurWorkerOptions): [Worker, RedisClient, destroy: () => void] {
    const clients = [this.#connect('worker'), this.#connect('blocking')] as const;
    for (const client of clients) this.#watch(client);
    const worker = new Worker(name, processor as never, { ...options, ...QUEUE_OPTIONS }, backendOf(...clients));
    const stopWatching = watchHeartbeat(clients[0]);
    const destroy = (): void => {
      stopWatching();
      for (const client of clients) client.disconnect();
    };
    return [worker, clients[0], destroy];
  }

  withTransaction(): QueueBackend {
    throw noTransactions(this.name);
  }

  async close(): Promise<void> {
    await this.#calls.close();
    await Promise.all([this.queue, this.#taskQueue].map((queue) => queue.close().catch(() => {})));
    this.#client.disconnect();
  }

  #watch(client: RedisClient): void {
    client.on('error', (error: Error) => this.#outage.down(error));
    client.on('ready', () => this.#outage.up());
  }
}

/** BullMQ's backend on connections that stay ours: it never closes them. */
function backendOf(main: RedisClient, blocking?: RedisClient): never {
  const factory: AnyBackendFactory = (name, options) => {
    const keys = new QueueKeys(KEY_PREFIX);
    const blocks = blocking !== undefined;
    return new RedisQueueBackend(
      connection(main, blocks),
      name,
      keys.getKeys(name),
      (type) => keys.toKey(name, type),
      { ...options, prefix: KEY_PREFIX } as never,
      blocking && connection(blocking, true),
    ) as never;
  };
  return factory as never;
}

/** Without BullMQ's version check, whose INFO may fail: that would end the connection for good. */
function connection(client: RedisClient, blocking: boolean): RedisConnection {
  const made = new RedisConnection(client as never, { shared: true, blocking, skipVersionCheck: true });
  made.on('error', () => {});
  // Since Redis 6.0, which BullMQ would otherwise not assume: waits shorter than a second.
  void made.client.then(() => (made.capabilities = { canDoubleTimeout: true, canBlockFor1Ms: false })).catch(() => {});
  return made;
}

/** BullMQ sorts delayed jobs by their time in milliseconds, times 4096, plus a counter. */
const DELAYED_SCORE = 0x1000;
