import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, installPackage } from './programs.js';
import { freePort, startProcess, type ServerProcess } from './server-process.js';

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
  /** SIGKILL, as a machine that goes away. */
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** After `kill`: the same port, the same data. */
  restart(): Promise<void>;
}

/** A Redis of this test run's own, on a free port of the loopback; it goes away by itself. */
export async function startRedis(options: readonly string[] = []): Promise<RedisServer> {
  const command = redisProgram();
  const folder = await mkdtemp(join(tmpdir(), 'relay-redis-'));
  const port = await freePort();
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--daemonize',
    'no',
    ...options,
  ];
  const start = (): Promise<ServerProcess> =>
    startProcess({ command, args, folder, ready: /Ready to accept connections/ });
  let server = await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    stop: () => server.stop(),
    kill: () => server.kill(),
    signal: (signal) => void process.kill(server.pid, signal),
    async restart() {
      server = await start();
    },
  };
}

/** `redis-server` or `valkey-server`. */
export function redisProgram(): string {
  const names = ['redis-server', 'valkey-server'];
  const found = findProgram(names);
  if (found) return found;
  installPackage('redis-server');
  return findProgram(names)!;
}
