// A process with a queue, for tests that kill it. Its arguments: what it does, and the queue's options.
import { setTimeout as sleep } from 'node:timers/promises';
import type { MailQueue } from '../../lib/queue/mail-queue.interface.js';
import { openMailQueue } from '../../lib/queue/open-mail-queue.js';
import type { QueueOptions } from '../../lib/queue/queue-options.interface.js';
import { newMail } from './snapshots.js';

const ROLES: Readonly<Record<string, (queue: MailQueue) => Promise<void>>> = {
  /** Takes a mail, tells of it, and never gets done. */
  async worker(queue) {
    const options = { concurrency: 1, lockDuration: 500, stalledInterval: 250 };
    const handler = ({ snapshot: { id }, stalls }: { snapshot: { id: string }; stalls: number }): Promise<never> => {
      tell({ taken: id, stalls });
      return new Promise(() => {});
    };
    queue.work(handler, options as { concurrency: number });
  },

  /** Queues mails without end, and tells of each that was accepted. */
  async producer(queue) {
    for (;;) tell({ accepted: (await queue.add(newMail())).id });
  },

  /** Opens, works if it can, closes; and must then end by itself. */
  async passer(queue) {
    const worker = queue.work(async () => ({ type: 'done' }), { concurrency: 2 });
    await queue.add(newMail()).catch(() => {});
    await sleep(100);
    await worker.close(1_000);
    await queue.close();
    tell({ closed: true });
  },
};

const [role, options] = [process.argv[2]!, JSON.parse(process.argv[3]!) as QueueOptions];

function tell(message: object): void {
  process.send?.(message);
}

try {
  const { mailQueue } = await openMailQueue({ queue: options });
  await ROLES[role]!(mailQueue);
} catch (error) {
  tell({ error: { name: (error as Error).name, message: (error as Error).message } });
}
// The channel alone would keep it alive.
if (role !== 'worker') process.channel?.unref();
