import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

export interface ServerCommand {
  command: string;
  args: string[];
  /** The server's own folder: where it runs, removed when it stops. */
  folder: string;
  /** What it prints once it takes connections. */
  ready: RegExp;
  uid?: number;
  gid?: number;
  /** How it is stopped. */
  signal?: NodeJS.Signals;
}

export interface ServerProcess {
  readonly pid: number;
  /** All that it has printed so far. */
  output(): string;
  /** Ends it, waits for that, and removes its folder. */
  stop(): Promise<void>;
  /** SIGKILL; its folder stays, so that it can be started on it again. */
  kill(): Promise<void>;
}

/** Starts a server under a guard, which ends it when this process does, however that comes about. */
export async function startProcess({ ready, signal = 'SIGTERM', ...command }: ServerCommand): Promise<ServerProcess> {
  const guard = spawn(process.execPath, [GUARD, JSON.stringify({ signal, ...command })], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const exited = once(guard, 'exit');
  const { pid, output } = await started(guard, ready, command.command);
  for (const pipe of [guard.stdin, guard.stdout, guard.stderr]) (pipe as { unref?(): void }).unref?.();
  guard.unref();
  return {
    pid,
    output,
    async stop() {
      guard.ref();
      guard.stdin.end();
      await exited;
    },
    async kill() {
      guard.ref();
      process.kill(pid, 'SIGKILL');
      await exited;
    },
  };
}

/** A port that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const PID = /guard: pid (\d+)/;
const GUARD = fileURLToPath(new URL('./guard.mjs', import.meta.url));

async function started(
  guard: ReturnType<typeof spawn>,
  ready: RegExp,
  name: string,
): Promise<Pick<ServerProcess, 'pid' | 'output'>> {
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      // Two pipes: which of the lines comes first is not said.
      if (ready.test(output) && PID.test(output)) resolve();
    };
    guard.stdout!.on('data', read);
    guard.stderr!.on('data', read);
    guard.once('exit', () => reject(new Error(`${name} did not start:\n${output}`)));
  });
  return { pid: Number(PID.exec(output)![1]), output: () => output };
}
