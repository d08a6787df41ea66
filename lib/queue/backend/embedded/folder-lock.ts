import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { RelayConfigurationError } from '../../../errors/relay-configuration.error.js';

interface Owner {
  pid: number;
  host: string;
  /** When the process began, where that can be known: a pid alone may have been given to another one since. */
  began?: string;
  id: string;
}

/** How often an owner gives a sign of life, and after how long without one it is dead; for owners on another host. Milliseconds. */
const BEAT = 2_000;
const DEAD = 10_000;

/**
 * Keeps a folder for one process: PGlite would let two open it, and lose mails. The lock is a file with its owner's pid; the lock of a
 * process that was killed does not hold.
 */
export class FolderLock {
  static readonly #mine = new Set<string>();
  readonly #file: string;
  readonly #id: string;
  readonly #beat: NodeJS.Timeout;

  /** @throws RelayConfigurationError when another process, or another relay of this one, has the folder */
  constructor(folder: string) {
    this.#file = join(resolve(folder), 'relay.lock');
    const owner: Owner = { pid: process.pid, host: hostname(), began: beganAt(process.pid), id: randomUUID() };
    this.#id = owner.id;
    while (!created(this.#file, owner)) this.#clearStale(folder);
    FolderLock.#mine.add(this.#id);
    this.#beat = setInterval(() => this.#touch(), BEAT).unref();
  }

  release(): void {
    clearInterval(this.#beat);
    FolderLock.#mine.delete(this.#id);
    if (read(this.#file)?.id === this.#id) rmSync(this.#file, { force: true });
  }

  #clearStale(folder: string): void {
    const owner = read(this.#file);
    if (owner && isAlive(owner, this.#file)) {
      const where = owner.host === hostname() ? `process ${owner.pid}` : `process ${owner.pid} on ${owner.host}`;
      const who = FolderLock.#mine.has(owner.id) ? 'another relay of this process' : where;
      throw new RelayConfigurationError(
        'queue.embedded',
        `the folder ${folder} is in use by ${who}. An embedded queue is for one process: stop the other one, give each a folder of its own, or use Redis or Postgres`,
      );
    }
    // Of several processes that see the same stale lock, one moves it away; if that was a fresh one already, it is put back.
    const aside = `${this.#file}.${this.#id}`;
    try {
      renameSync(this.#file, aside);
    } catch {
      return;
    }
    if (read(aside)?.id === owner?.id) rmSync(aside, { force: true });
    else renameSync(aside, this.#file);
  }

  #touch(): void {
    try {
      const now = new Date();
      utimesSync(this.#file, now, now);
    } catch {
      // The folder is gone, and the queue with it.
    }
  }

  static owns(id: string): boolean {
    return FolderLock.#mine.has(id);
  }
}

/** By a hard link, so that nobody ever reads a lock that is half written. */
function created(file: string, owner: Owner): boolean {
  const draft = `${file}.${owner.id}`;
  writeFileSync(draft, JSON.stringify(owner));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function read(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

function isAlive(owner: Owner, file: string): boolean {
  // In a container, a killed process and its successor may have the same pid.
  if (owner.pid === process.pid && owner.host === hostname()) return FolderLock.owns(owner.id);
  if (owner.host !== hostname()) return Date.now() - statSync(file).mtimeMs < DEAD;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return owner.began === beganAt(owner.pid);
}

/** Linux: the 22nd field of /proc/pid/stat, in ticks since boot (proc_pid_stat(5)); with the boot, since pids and ticks begin anew. */
function beganAt(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return undefined;
  }
}
