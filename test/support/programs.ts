import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first of these programs on PATH, or in one of the folders. */
export function findProgram(names: readonly string[], folders: readonly string[] = []): string | undefined {
  const path = [...(process.env['PATH'] ?? '').split(delimiter), ...folders];
  return names.flatMap((name) => path.map((folder) => join(folder, name))).find((file) => existsSync(file));
}

/** Debian's folders for PostgreSQL's programs, the newest version first. */
export function postgresFolders(): string[] {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(root, version, 'bin'));
}

/** Installs a Debian package where that can be done, and says so; else throws with the command to run. */
export function installPackage(name: string): void {
  const command = `apt-get install -y ${name}`;
  if (process.getuid?.() !== 0 || !findProgram(['apt-get'])) {
    throw new Error(`The tests need ${name}, which is not here. Install it, on Debian or Ubuntu with: sudo ${command}`);
  }
  console.warn(`The tests need ${name}: ${command}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // A new machine has no lists yet; and another test file may be installing just now.
  for (const action of [['update'], ['install', '-y', name]]) {
    execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...action], { stdio: 'ignore', env });
  }
}
