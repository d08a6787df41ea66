import { chmod, cp, mkdir, mkdtemp, open, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../programs.js';
import { outputOf, runProgram } from './run-program.js';

/** What a program of Debian's is made of. */
export interface DebianProgram {
  readonly name: string;
  /** The packages that are unpacked, with whatever they need that this machine lacks. */
  readonly packages: readonly string[];
  /** Files of this machine that it needs besides shared libraries. */
  readonly files?: readonly string[];
}

/**
 * A folder with the packages unpacked and every shared library they need, in which the program runs by `chroot` as if it were installed.
 * Nothing is installed on the machine: Debian's mail servers conflict with each other, and have users and paths of their own, compiled in.
 * Made once on a machine, and never written to afterwards; servers run in copies of it, see `copyRoot`.
 */
export async function debianRoot({ name, packages, files = [] }: DebianProgram): Promise<string> {
  if (process.getuid?.() !== 0 || !findProgram(['apt-get'])) {
    throw new Error(
      `The tests need ${packages.join(', ')} of Debian or Ubuntu in a folder to chroot to. Run them there as root, as in a container: docker run --rm -v "$PWD":/app -w /app node:22-bookworm .ci/run`,
    );
  }
  const root = join(tmpdir(), `nestjs-mail-relay-debian-${await debianVersion()}-${LAYOUT}-${name}`);
  if (await isOurs(root)) return root;
  const making = await mkdtemp(`${root}.`);
  try {
    await unpack(packages, making);
    await addLibraries(making, files);
    await chmod(making, 0o755);
    await rename(making, root);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    // Another test file was faster.
    if (!(await isOurs(root))) throw error;
  }
  return root;
}

/** Of what {@link debianRoot} makes: raise it when that changes. */
const LAYOUT = 2;

/** Programs are run from there as root: nobody else may have put it there. */
async function isOurs(root: string): Promise<boolean> {
  const found = await stat(root).catch(() => undefined);
  if (!found) return false;
  if (found.uid !== 0 || (found.mode & 0o022) !== 0)
    throw new Error(`${root} is not root's own. Remove it, and run the tests again.`);
  return true;
}

async function debianVersion(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8');
  const value = (name: string): string => new RegExp(`^${name}="?([\\w.-]+)`, 'm').exec(release)?.[1] ?? 'unknown';
  return `${value('ID')}-${value('VERSION_ID')}`;
}

async function unpack(packages: readonly string[], root: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'relay-packages-'));
  try {
    await download(packages, folder).catch(async () => {
      // A new machine has no lists yet, and old lists name packages that are gone.
      await updateLists();
      await download(packages, folder);
    });
    for (const file of await readdir(folder)) await outputOf('dpkg', ['-x', join(folder, file), root]);
    for (const share of ['doc', 'man', 'locale'])
      await rm(join(root, 'usr/share', share), { recursive: true, force: true });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function updateLists(): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    const { code, stderr } = await runProgram('apt-get', ['update'], { timeout: 300_000 });
    // Another test file may be fetching them just now: apt-get does not wait for that by itself.
    if (code === 0 || !/lock/i.test(stderr)) return;
    await sleep(1_000);
  }
}

async function download(packages: readonly string[], folder: string): Promise<void> {
  const plan = await outputOf('apt-get', ['install', '-s', '--no-install-recommends', ...packages]);
  const missing = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name!);
  // Without the user _apt, who cannot write here.
  const args = ['-o', 'APT::Sandbox::User=root', 'download', ...new Set([...packages, ...missing])];
  await outputOf('apt-get', args, { cwd: folder, timeout: 300_000 });
}

/** Copies the shared libraries that the programs in a root need, and files with theirs, from the machine. */
async function addLibraries(root: string, files: readonly string[]): Promise<void> {
  for (const file of files) await copyInto(root, file);
  const programs = await elfFiles(root);
  const folders = [...new Set(programs.filter((file) => /\.so(\.|$)/.test(file)).map((file) => dirname(file)))];
  const env = { ...process.env, LD_LIBRARY_PATH: folders.join(':') };
  // Its exit code is 1 when one of the files is linked statically.
  const { stdout } = await runProgram('ldd', programs, { env });
  const absent = /^\s*(\S+) => not found/m.exec(stdout);
  if (absent) throw new Error(`${absent[1]} is needed by a package of the tests', and not on this machine`);
  const own = await realpath(root);
  const libraries = new Set([...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, file]) => file!));
  for (const file of libraries) if (!file.startsWith(own)) await copyInto(root, file);
}

async function copyInto(root: string, file: string): Promise<void> {
  await mkdir(join(root, dirname(file)), { recursive: true });
  await cp(await realpath(file), join(root, file));
}

async function elfFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const kinds = await Promise.all(files.map((file) => isElf(file)));
  return files.filter((_, index) => kinds[index]);
}

async function isElf(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(18), 0, 18, 0);
    // Of type 3: programs and shared libraries, not what is compiled and not linked yet.
    return buffer.toString('latin1', 0, 4) === '\x7fELF' && buffer.readUInt16LE(16) === 3;
  } finally {
    await handle.close();
  }
}
