import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { outputOf } from './run-program.js';

/** The users in a copy of a root; the numbers are used by nobody on a usual machine. */
export interface RootUser {
  readonly name: string;
  readonly id: number;
}

/** A root of a server's own, by hard links, with these files in it (by path, `etc/main.cf`). */
export async function copyRoot(
  root: string,
  users: readonly RootUser[],
  files: Record<string, string>,
): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'relay-mta-'));
  await outputOf('cp', ['-al', `${root}/.`, copy]);
  const all = [{ name: 'root', id: 0 }, { name: 'nobody', id: 65_534 }, MAILBOX_USER, ...users];
  const written = {
    'etc/passwd': all.map(({ name, id }) => `${name}:x:${id}:${id}:${name}:/:/bin/sh\n`).join(''),
    'etc/group': [...all, { name: 'nogroup', id: 65_534 }].map(({ name, id }) => `${name}:x:${id}:\n`).join(''),
    'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
    'etc/hosts': '127.0.0.1 localhost\n',
    'etc/services': 'smtp 25/tcp\nsubmission 587/tcp\nsubmissions 465/tcp\n',
    ...files,
  };
  for (const [path, content] of Object.entries(written)) {
    const file = join(copy, path);
    await mkdir(dirname(file), { recursive: true });
    // Else it would be written into the shared root.
    await rm(file, { force: true });
    await writeFile(file, content, { mode: 0o644 });
    // Postfix reads a file that is new again and again, for seconds: somebody may still be writing it.
    await utimes(file, EARLIER, EARLIER);
  }
  // Ordinary files, since devices cannot be made, or not be opened, in every container's temporary folder.
  await mkdir(join(copy, 'dev'), { recursive: true });
  for (const [device, content] of [
    ['null', ''],
    ['zero', Buffer.alloc(4096)],
    ['urandom', randomBytes(65_536)],
  ] as const) {
    await writeFile(join(copy, 'dev', device), content);
    await chmod(join(copy, 'dev', device), 0o666);
  }
  await mkdir(join(copy, 'tmp'), { recursive: true });
  await chmod(join(copy, 'tmp'), 0o1777);
  await chmod(copy, 0o755);
  return copy;
}

const EARLIER = new Date('2020-01-01');

/** Whom mailboxes belong to, in every root. */
export const MAILBOX_USER: RootUser = { name: 'mailboxes', id: 59_100 };

/** A folder in a root, of these users and with this mode. */
export async function makeFolder(path: string, mode: number, owner: number, group = 0): Promise<void> {
  await mkdir(path, { recursive: true });
  await chown(path, owner, group);
  // By itself, since the process's umask does not count then.
  await chmod(path, mode);
}
