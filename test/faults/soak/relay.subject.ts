import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { QueueOptions } from '../../../lib/index.js';
import { startRelay, type RelayApplication } from '../../support/relay-application.js';
import type { SoakOutcome, SoakSubject, SoakWorker } from './soak-subject.interface.js';

const WORKER = fileURLToPath(new URL('../../support/worker.mjs', import.meta.url));

/** This package: one process queues, others send. */
export class RelaySubject implements SoakSubject {
  readonly name = 'nestjs-mail-relay';
  readonly #relay: RelayApplication;
  readonly #setting: string;
  readonly #ids = new Map<string, string>();

  private constructor(relay: RelayApplication, setting: object) {
    this.#relay = relay;
    this.#setting = JSON.stringify(setting);
  }

  static async start(queue: QueueOptions, port: number): Promise<RelaySubject> {
    const relay = await startRelay({ queue, worker: false });
    return new RelaySubject(relay, {
      queue,
      transport: `smtp://127.0.0.1:${port}?tls=never&connections=5`,
      lockDuration: 1_500,
      retry: { delay: 20, maxDelay: 1_000 },
    });
  }

  async startWorker(): Promise<SoakWorker> {
    const child = fork(WORKER, [this.#setting], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    await Promise.race([once(child, 'message'), once(child, 'exit')]);
    return { kill: () => killed(child) };
  }

  async accept(recipient: string): Promise<void> {
    const message = { to: recipient, subject: 'Soak', text: `For ${recipient}` };
    const { id } = await this.#relay.mail.send({ ...message, idempotencyKey: recipient });
    this.#ids.set(recipient, id);
  }

  async settle(): Promise<Map<string, SoakOutcome>> {
    const outcomes = new Map<string, SoakOutcome>();
    const open = [...this.#ids].values();
    const lane = async (): Promise<void> => {
      for (const [recipient, id] of open) {
        const { recipients, attempts } = await this.#relay.mail.wait(id, { timeout: '120s' });
        outcomes.set(recipient, {
          state: recipients[0]!.state === 'sent' ? 'arrived' : 'ended',
          ambiguous: attempts.filter(({ error }) => error?.ambiguous).length,
        });
      }
    };
    await Promise.all(Array.from({ length: 50 }, lane));
    return outcomes;
  }

  close(): Promise<void> {
    return this.#relay.close();
  }
}

export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
