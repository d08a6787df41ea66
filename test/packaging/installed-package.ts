import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');

/** What `npm pack` says that the package holds, as paths in it. */
export async function packedFiles(): Promise<string[]> {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root });
  const [packed] = Object.values(JSON.parse(stdout) as { files: { path: string }[] }[]);
  return packed!.files.map(({ path }) => path);
}

/**
 * A folder with the packed package in its `node_modules`, and beside it the packages of this repository; for one file of tests.
 *
 * @param without packages that are not to be found there
 */
export async function installPackage({ without = [] }: { without?: readonly string[] } = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'relay-package-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const modules = join(folder, 'node_modules');
  for (const name of await installedPackages()) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    // Nothing is in an empty folder, and the folders above are not asked any more.
    if (without.includes(name)) await mkdir(join(modules, name));
    else await symlink(join(root, 'node_modules', name), join(modules, name), 'junction');
  }
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const [tarball] = (await readdir(folder)).filter((file) => file.endsWith('.tgz'));
  await run('tar', ['-xzf', tarball!], { cwd: folder });
  await rename(join(folder, 'package'), join(modules, 'nestjs-mail-relay'));
  return folder;
}

/** Runs a JavaScript program, given as its text, in a folder. */
export async function runProgram(folder: string, source: string): Promise<string> {
  await writeFile(join(folder, 'program.mjs'), source);
  return (await runNode(folder, ['program.mjs'])).stdout;
}

export function runNode(cwd: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return run(process.execPath, args, { cwd, env: { ...process.env, NODE_ENV: 'test', NO_COLOR: '1' } });
}

async function installedPackages(): Promise<string[]> {
  const names = (await readdir(join(root, 'node_modules'))).filter((name) => !name.startsWith('.'));
  const scoped = names.map(async (name) =>
    name.startsWith('@') ? (await readdir(join(root, 'node_modules', name))).map((one) => `${name}/${one}`) : [name],
  );
  return (await Promise.all(scoped)).flat();
}
