import { EventEmitter, once } from 'node:events';
import type { JobHandler, JobOutcome, MailJob } from '../../lib/queue/mail-queue.interface.js';

/** A handler that remembers what it was given, and that a test can wait for. */
export class Recorder {
  readonly jobs: MailJob[] = [];
  readonly #events = new EventEmitter().setMaxListeners(0);

  /** @param answer what becomes of the n-th job, counted from 0; default done */
  handler(
    answer: (job: MailJob, n: number) => JobOutcome | Promise<JobOutcome> = () => ({ type: 'done' }),
  ): JobHandler {
    return async (job) => {
      this.jobs.push(job);
      this.#events.emit('job');
      return answer(job, this.jobs.length - 1);
    };
  }

  get ids(): string[] {
    return this.jobs.map(({ snapshot }) => snapshot.id);
  }

  /** Until so many jobs have been taken, by this handler. */
  async taken(count: number): Promise<void> {
    while (this.jobs.length < count) await once(this.#events, 'job');
  }
}

/** Asks again until it is so. For what no event tells of. */
export async function eventually<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The same for what is or is not. */
export async function until(check: () => unknown): Promise<void> {
  await eventually(async () => check(), Boolean);
}
