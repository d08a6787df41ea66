import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Queue } from 'bullmq';
import { killed } from './relay.subject.js';
import type { SoakOutcome, SoakSubject, SoakWorker } from './soak-subject.interface.js';

const WORKER = fileURLToPath(new URL('hand-wired.worker.mjs', import.meta.url));

/** BullMQ and nodemailer's pool, with ten attempts a job. */
export class HandWiredSubject implements SoakSubject {
  readonly name = 'BullMQ and nodemailer, wired by hand';
  readonly #queue: Queue;
  readonly #setting: string;

  constructor(redis: number, port: number) {
    this.#queue = new Queue('hand-wired', { connection: { host: '127.0.0.1', port: redis } });
    this.#queue.on('error', () => {});
    this.#setting = JSON.stringify({ port, redis });
  }

  async startWorker(): Promise<SoakWorker> {
    const child = fork(WORKER, [this.#setting], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    // While Redis is away it is not ready, and needs no waiting for.
    await Promise.race([once(child, 'message'), once(child, 'exit'), sleep(5_000)]);
    return { kill: () => killed(child) };
  }

  async accept(recipient: string): Promise<void> {
    const options = { attempts: 10, backoff: { type: 'exponential', delay: 20 } };
    await this.#queue.add('mail', { to: recipient }, options);
  }

  async settle(): Promise<Map<string, SoakOutcome>> {
    const open = async () => Object.values(await this.#queue.getJobCounts('waiting', 'active', 'delayed'));
    while ((await open()).some((count) => count > 0)) await sleep(200);
    const outcomes = new Map<string, SoakOutcome>();
    for (const job of await this.#queue.getFailed(0, -1))
      outcomes.set(job.data.to as string, { state: 'ended', ambiguous: 0 });
    for (const job of await this.#queue.getCompleted(0, -1))
      outcomes.set(job.data.to as string, { state: 'arrived', ambiguous: 0 });
    return outcomes;
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
