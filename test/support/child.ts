import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** Another process of the test's, which can be killed. */
export interface Child {
  readonly pid: number;
  send(message: object): void;
  /** The next message that it sends. */
  message<T>(): Promise<T>;
  kill(): Promise<void>;
  /** Its exit code, when it ends by itself. */
  readonly exited: Promise<number | null>;
}

/** A script of the tests' in TypeScript, made ready to be run by Node. */
export interface ChildScript {
  start(...args: string[]): Child;
  remove(): Promise<void>;
}

/** @param script beside this file */
export async function childScript(script: string): Promise<ChildScript> {
  // In the project, so that it finds the packages.
  const outDir = fileURLToPath(new URL(`../../node_modules/.test-children/${randomUUID()}`, import.meta.url));
  const entry = fileURLToPath(new URL(script, import.meta.url));
  await build({ configFile: false, logLevel: 'silent', build: { ssr: entry, outDir, target: 'node20', rollupOptions: { output: { entryFileNames: 'child.mjs' } } } }); // prettier-ignore
  return {
    start: (...args) => started(fork(`${outDir}/child.mjs`, args, { stdio: 'inherit' })),
    remove: () => rm(outDir, { recursive: true, force: true }),
  };
}

function started(child: ChildProcess): Child {
  const messages: unknown[] = [];
  child.on('message', (message) => messages.push(message));
  // It goes with this process, however that ends: an IPC channel that closes ends a child that listens for it.
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return {
    pid: child.pid!,
    exited,
    send: (message) => void child.send(message),
    async message<T>() {
      while (messages.length === 0) await Promise.race([once(child, 'message'), exited.then(() => gone())]);
      return messages.shift() as T;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function gone(): never {
  throw new Error('The child process has ended');
}
