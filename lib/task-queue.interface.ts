/** Takes tasks until it is closed. */
export interface TaskWorker {
  /** Takes no more; waits for those in hand until the deadline (milliseconds). */
  close(deadline: number): Promise<void>;
}

/** What follows a fact, to be done once by one of the processes: an event to be recorded, a handler to be called. */
export interface Task {
  /** Hexadecimal. The same one again is not done again, as long as it is remembered: an hour after it was done. */
  id: string;
  /** Who does it. */
  kind: string;
  /** Plain JSON. */
  data: unknown;
}

/**
 * `done`: `left` takes the place of data that is large, for as long as the task is remembered; it may have to be done once more with that.
 * `later`: not yet, or not in this process; in milliseconds, counted against nothing.
 */
export type TaskEnd = { type: 'done'; left?: unknown } | { type: 'later'; wait: number };

/** A task in a worker's hands. */
export interface TaskInHand extends Task {
  /** When it was added, in milliseconds since the epoch. */
  addedAt: number;
}

/** One that throws is done again after a pause that grows, {@link TASK_ATTEMPTS} times at most. */
export type TaskHandler = (task: TaskInHand) => Promise<TaskEnd>;

/** A durable queue with at-least-once semantics, in the same Redis or Postgres as the mails. */
export interface TaskQueue {
  /** In one round trip. @throws QueueUnavailableError within 5 seconds */
  add(tasks: readonly Task[]): Promise<void>;
  work(handler: TaskHandler, options: { concurrency: number }): TaskWorker;
}

/** The first pauses are 1, 2, 4 seconds, the last an hour: half a day in all. */
export const TASK_ATTEMPTS = 22;

/** Pause after so many failures, in milliseconds; with jitter, so that what failed together does not come back together. */
export function taskPause(failures: number): number {
  // Postgres keeps whole milliseconds.
  return Math.ceil(Math.min(1_000 * 2 ** (failures - 1), 3_600_000) * (0.75 + Math.random() / 4));
}
