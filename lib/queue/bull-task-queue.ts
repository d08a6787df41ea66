import { DelayedError, type Job, type JobsOptions } from 'bullmq';
import type { TaskBackend } from './backend/queue-backend.js';
import type { RelayLogger } from './outage-log.js';
import {
  TASK_ATTEMPTS,
  taskPause,
  type Task,
  type TaskHandler,
  type TaskQueue,
  type TaskWorker,
} from '../task-queue.interface.js';
import { within } from './within.js';

/** Tasks as BullMQ jobs, which counts their attempts here: they have no age of their own. */
export class BullTaskQueue implements TaskQueue {
  readonly #backend: TaskBackend;
  readonly #logger: RelayLogger;

  constructor(backend: TaskBackend, logger: RelayLogger) {
    this.#backend = backend;
    this.#logger = logger;
  }

  async add(tasks: readonly Task[]): Promise<void> {
    if (tasks.length === 0) return;
    const jobs = tasks.map(({ id, kind, data }) => ({ name: kind, data, opts: { ...OPTIONS, jobId: id } }));
    await this.#backend.call(() => this.#backend.queue.addBulk(jobs));
  }

  work(handler: TaskHandler, { concurrency }: { concurrency: number }): TaskWorker {
    const { worker, destroy } = this.#backend.createWorker((job) => process(job, handler), {
      concurrency,
      settings: { backoffStrategy: taskPause },
      maxStalledCount: MOST_STALLS,
    });
    worker.on('error', () => {}); // The connections report their own outages.
    worker.on('failed', (job, error) => this.#failed(job, error));
    let closing: Promise<void> | undefined;
    return {
      close: (deadline) =>
        (closing ??= within(deadline, worker.close()).then(async (closed) => {
          if (!closed) await within(AFTER_DEADLINE, worker.close(true));
          destroy();
        })),
    };
  }

  #failed(job: Job | undefined, error: Error): void {
    if (!job) return;
    const what = `${job.name} of ${String((job.data as { of?: unknown }).of ?? job.id)}`;
    if (job.attemptsMade >= TASK_ATTEMPTS)
      this.#logger.error(`Given up after ${job.attemptsMade} attempts: ${what}: ${error.message}`, error.stack);
    else this.#logger.warn(`Failed, and is done again: ${what}: ${error.message}`);
  }
}

async function process(job: Job, handler: TaskHandler): Promise<void> {
  const end = await handler({ id: job.id!, kind: job.name, data: job.data, addedAt: job.timestamp });
  if (end.type === 'done') {
    if (end.left !== undefined) await job.updateData(end.left);
    return;
  }
  await job.moveToDelayed(Math.ceil(Date.now() + end.wait), job.token);
  throw new DelayedError();
}

const OPTIONS: JobsOptions = {
  attempts: TASK_ATTEMPTS,
  backoff: { type: 'custom' },
  // Kept for a while, so that the same task again is known. Seconds.
  removeOnComplete: { age: 3_600, count: 10_000 },
  removeOnFail: { age: 7 * 24 * 3_600, count: 10_000 },
  stackTraceLimit: 0,
};

/** PostgreSQL keeps it in an integer. A task that takes its worker down every time stays the only one that does not get done. */
const MOST_STALLS = 1_000;

/** In milliseconds. */
const AFTER_DEADLINE = 500;
