import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { killed } from './relay.subject.js';
import type { SoakOutcome, SoakSubject, SoakWorker } from './soak-subject.interface.js';

const WORKER = fileURLToPath(new URL('nest-mail.worker.mjs', import.meta.url));

interface Said {
  taken?: string;
  arrived?: string;
  failed?: string;
}

/** `@nestjs/mail`, which sends in the process that is asked: a mail is accepted when that process has begun to send it. */
export class NestMailSubject implements SoakSubject {
  readonly name = '@nestjs/mail, pooled, no queue';
  readonly #setting: string;
  readonly #children: ChildProcess[] = [];
  readonly #outcomes = new Map<string, SoakOutcome>();
  readonly #waiting = new Map<string, (taken: boolean) => void>();

  constructor(port: number) {
    this.#setting = JSON.stringify({ port });
  }

  async startWorker(): Promise<SoakWorker> {
    const child = fork(WORKER, [this.#setting], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    await Promise.race([once(child, 'message'), once(child, 'exit')]);
    child.on('message', (said: Said) => this.#heard(said));
    child.on('error', () => {});
    this.#children.push(child);
    const kill = async () => {
      this.#children.splice(this.#children.indexOf(child), 1);
      await killed(child);
    };
    return { kill };
  }

  async accept(recipient: string): Promise<void> {
    const child = this.#children[Math.floor(Math.random() * this.#children.length)];
    if (!child?.connected) throw new Error('There is no process to ask');
    const taken = new Promise<boolean>((resolve) => this.#waiting.set(recipient, resolve));
    child.send({ to: recipient }, () => {});
    const answered = await Promise.race([taken, sleep(1_000, false)]);
    if (!answered) throw new Error('The process did not answer');
  }

  async settle(): Promise<Map<string, SoakOutcome>> {
    for (let before = -1; before !== this.#outcomes.size; await sleep(2_000)) before = this.#outcomes.size;
    return this.#outcomes;
  }

  async close(): Promise<void> {}

  #heard({ taken, arrived, failed }: Said): void {
    if (taken !== undefined) this.#waiting.get(taken)?.(true);
    if (arrived !== undefined) this.#outcomes.set(arrived, { state: 'arrived', ambiguous: 0 });
    if (failed !== undefined && this.#outcomes.get(failed)?.state !== 'arrived')
      this.#outcomes.set(failed, { state: 'ended', ambiguous: 0 });
  }
}
