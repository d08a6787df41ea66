import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { RelayConfigurationError } from '../../../errors/relay-configuration.error.js';
import type { OutageLog } from '../../outage-log.js';
import { noTransactions } from '../no-transactions.js';
import type { QueueBackend } from '../queue-backend.js';
import { PostgresBackend } from '../postgres/postgres.backend.js';
import { FolderLock } from './folder-lock.js';
import { PgliteSource } from './pglite.source.js';

/**
 * BullMQ on PGlite, in a folder or in memory. Takes some seconds when the folder is new.
 *
 * @throws RelayConfigurationError
 */
export async function openEmbedded(
  folder: unknown,
  queueName: string,
  outage: OutageLog,
  retention?: number,
): Promise<PostgresBackend> {
  const pglite = await loadPglite();
  if (folder === true) return new EmbeddedBackend(queueName, await pglite.create(), outage, retention);
  if (typeof folder !== 'string' || folder === '') throw wrong(`give a folder, or true for memory`);
  const lock = lockedFolder(folder);
  try {
    return new EmbeddedBackend(
      queueName,
      await pglite.create({ dataDir: join(folder, 'data') }),
      outage,
      retention,
      lock,
    );
  } catch (cause) {
    lock.release();
    throw wrong(`the folder ${folder} cannot be opened: ${(cause as Error).message}`, cause);
  }
}

class EmbeddedBackend extends PostgresBackend {
  readonly #lock?: FolderLock;

  constructor(queueName: string, db: PGlite, outage: OutageLog, retention?: number, lock?: FolderLock) {
    super('embedded', queueName, new PgliteSource(db), outage, retention);
    this.#lock = lock;
  }

  override withTransaction(): QueueBackend {
    throw noTransactions(this.name);
  }

  override async close(): Promise<void> {
    await super.close();
    this.#lock?.release();
  }
}

function lockedFolder(folder: string): FolderLock {
  try {
    mkdirSync(folder, { recursive: true });
    return new FolderLock(folder);
  } catch (cause) {
    if (cause instanceof RelayConfigurationError) throw cause;
    throw wrong(`the folder ${folder} cannot be used: ${(cause as Error).message}`, cause);
  }
}

async function loadPglite(): Promise<typeof PGlite> {
  try {
    return (await import('@electric-sql/pglite')).PGlite;
  } catch (cause) {
    throw wrong('needs the package @electric-sql/pglite. Install it: npm install @electric-sql/pglite', cause);
  }
}

function wrong(message: string, cause?: unknown): RelayConfigurationError {
  return new RelayConfigurationError('queue.embedded', message, cause);
}
