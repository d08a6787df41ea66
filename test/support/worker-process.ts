import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { QueueOptions, TransportSettings } from '../../lib/index.js';

export interface WorkerOptions {
  queue: QueueOptions;
  /** A transport's URL, with its limits if need be. */
  transport?: string | TransportSettings;
  transports?: Record<string, string | TransportSettings>;
  route?: string;
  /** Milliseconds. Default 1500. */
  lockDuration?: number;
  onAmbiguous?: 'retry' | 'hold';
  retry?: object;
  track?: boolean;
  tracking?: object;
}

/** A worker in a process of its own, until the test ends. `dist/` must be built. */
export async function startWorkerProcess(options: WorkerOptions): Promise<ChildProcess> {
  const setting = JSON.stringify({ lockDuration: 1500, retry: { delay: 10, maxDelay: 100 }, ...options });
  const child = fork(fileURLToPath(new URL('./worker.mjs', import.meta.url)), [setting], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('The worker ended at its start'))),
  ]);
  return child;
}

/** SIGKILL, as when the machine goes away; resolves when it is gone. */
export async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
