import { setTimeout as sleep } from 'node:timers/promises';
import type { MailQueue } from '../../lib/queue/mail-queue.interface.js';
import { newMail } from './snapshots.js';

/** Queues mails, one after the other, until it is stopped; a refused one is followed by the next. */
export class Producer {
  /** The ids of those that the queue has accepted. */
  readonly accepted: string[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(queue: MailQueue) {
    this.#running = this.#run(queue);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(queue: MailQueue): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const added = await queue.add(newMail()).catch(() => null);
      if (added) this.accepted.push(added.id);
      else await sleep(20);
    }
  }
}
