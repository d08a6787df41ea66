// Compiles a sample and runs it: node sample/run.mjs 01-quickstart [script] [arguments ...]
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';

const [name = '01-quickstart', script = 'main', ...args] = process.argv.slice(2);
const folder = join(import.meta.dirname, name);
const root = join(import.meta.dirname, '..');
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

// Samples import the package by its name, as applications do. What a sample says stays by itself on stdout.
if (!existsSync(join(root, 'dist', 'index.js')))
  finish(spawnSync('npm run build', { cwd: root, shell: true, stdio: ['ignore', process.stderr, 'inherit'] }));
finish(spawnSync(process.execPath, [tsc, '-p', folder], { stdio: 'inherit' }));
// What `assets` in nest-cli.json does for an application that is built with the Nest CLI.
const mails = join(folder, 'src', 'mails');
if (existsSync(mails)) cpSync(mails, join(folder, 'dist', 'mails'), { recursive: true });

const child = spawn(process.execPath, ['--enable-source-maps', join(folder, 'dist', `${script}.js`), ...args], {
  stdio: 'inherit',
});
// Ctrl-C reaches the whole process group by itself; other signals are passed on.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));

function finish({ status }) {
  if (status !== 0) process.exit(status ?? 1);
}
