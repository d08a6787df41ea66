// Runs a server for as long as its own standard input stays open: however a test run ends, it leaves no server behind.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const { command, args, uid, gid, folder, signal } = JSON.parse(process.argv[2]);
const server = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], uid, gid, cwd: folder });
const stop = () => server.kill(signal);

process.stdout.write(`guard: pid ${server.pid}\n`);
process.stdin.resume();
process.stdin.once('close', stop);
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, stop);
server.once('error', (error) => ended(error.message));
server.once('exit', (code) => ended(`exited with ${code}`));

function ended(why) {
  process.stderr.write(`guard: ${command} ${why}\n`);
  // A server that was killed while the pipe is open may be started on its folder again.
  if (process.stdin.destroyed) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}
