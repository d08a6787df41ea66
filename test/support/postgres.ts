import { execFileSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, installPackage, postgresFolders } from './programs.js';
import { freePort, startProcess, type ServerProcess } from './server-process.js';

export interface PostgresServer {
  /** Of its database `postgres`. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
  /** SIGKILL, as a machine that goes away. */
  kill(): Promise<void>;
  /** After `kill`: the same port, the same data. */
  restart(): Promise<void>;
}

/** A PostgreSQL of this test run's own, on a free port of the loopback; it goes away by itself. */
export async function startPostgres(): Promise<PostgresServer> {
  const command = postgresProgram('postgres');
  const user = unprivileged();
  const folder = await mkdtemp(join(tmpdir(), 'relay-postgres-'));
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const initdb = ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'];
  execFileSync(postgresProgram('initdb'), initdb, { ...user, cwd: folder, stdio: 'ignore' });
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    'fsync=off',
    'max_connections=200',
  ];
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const start = (): Promise<ServerProcess> =>
    startProcess({ command, args, folder, ready: /ready to accept connections/, signal: 'SIGINT', ...user });
  let server = await start();
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    stop: () => server.stop(),
    kill: () => server.kill(),
    async restart() {
      server = await start();
    },
  };
}

function postgresProgram(name: string): string {
  const found = findProgram([name], postgresFolders());
  if (found) return found;
  installPackage('postgresql');
  return findProgram([name], postgresFolders())!;
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
