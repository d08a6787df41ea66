// Compiles the bench and runs it, or parts of it: npm run bench -- composing delivering
// ROUNDS and MAILS in the environment make it shorter or longer.
import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const run = (...args) => {
  // As applications run: in development, mails are kept to be looked at.
  const env = { ...process.env, NODE_ENV: 'production' };
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', cwd: root, env });
  if (status !== 0) process.exit(status ?? 1);
};

run(join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'bench');
// Programs that are started by their path, which the compiler does not see.
for (const program of ['guard.mjs', 'smtp/smtp-sink.mjs']) {
  cpSync(join(root, 'test', 'support', program), join(root, 'bench', 'dist', 'test', 'support', program));
}
run('--expose-gc', join(root, 'bench', 'dist', 'bench', 'main.js'), ...process.argv.slice(2));
