import type { RelayLogger } from './outage-log.js';
import {
  TASK_ATTEMPTS,
  taskPause,
  type Task,
  type TaskHandler,
  type TaskInHand,
  type TaskQueue,
  type TaskWorker,
} from '../task-queue.interface.js';

interface MemoryTask extends TaskInHand {
  due: number;
  failures: number;
}

/** Tasks in memory, for tests: at once, on the clock of the memory queue. */
export class MemoryTaskQueue implements TaskQueue {
  readonly #now: () => number;
  readonly #logger: RelayLogger;
  readonly #waiting = new Map<string, MemoryTask>();
  readonly #known = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  #handler?: TaskHandler;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number, logger: RelayLogger) {
    this.#now = now;
    this.#logger = logger;
  }

  async add(tasks: readonly Task[]): Promise<void> {
    for (const task of tasks) {
      if (this.#known.has(task.id)) continue;
      this.#known.add(task.id);
      const copy = JSON.parse(JSON.stringify(task)) as Task;
      this.#waiting.set(task.id, { ...copy, addedAt: this.#now(), due: this.#now(), failures: 0 });
    }
    this.wake();
  }

  work(handler: TaskHandler): TaskWorker {
    this.#handler = handler;
    this.wake();
    return {
      close: async () => {
        this.#handler = undefined;
        await Promise.all(this.#running);
      },
    };
  }

  /** Something may have become due. */
  wake(): void {
    if (!this.#handler) return;
    for (const task of this.#waiting.values()) {
      if (task.due > this.#now()) continue;
      this.#waiting.delete(task.id);
      const running: Promise<void> = this.#run(task, this.#handler).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  get busy(): boolean {
    return this.#running.size > 0;
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** When the next one is due, in milliseconds since the epoch. */
  nextDue(): number | undefined {
    const times = [...this.#waiting.values()].map(({ due }) => due);
    return this.#handler && times.length > 0 ? Math.min(...times) : undefined;
  }

  clear(): void {
    this.#waiting.clear();
    this.#known.clear();
  }

  async #run(task: MemoryTask, handler: TaskHandler): Promise<void> {
    await Promise.resolve();
    try {
      const end = await handler(task);
      if (end.type === 'later') this.#waiting.set(task.id, { ...task, due: this.#now() + end.wait });
    } catch (error) {
      const failures = task.failures + 1;
      const again = failures < TASK_ATTEMPTS;
      this.#logger.error(
        `${again ? 'Failed, and is done again' : 'Given up'}: ${task.kind}: ${(error as Error).message}`,
        (error as Error).stack,
      );
      if (again) this.#waiting.set(task.id, { ...task, failures, due: this.#now() + taskPause(failures) });
    }
  }
}
