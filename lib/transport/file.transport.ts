import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { MailError } from '../errors/mail.error.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import { MailTransport, type TransportResult } from './mail-transport.js';

export interface FileTransportOptions {
  /** A folder, from the working directory where it is relative; made when it is not there. */
  dir: string;
}

/**
 * Writes each message to a file that any mail program opens, `2026-07-28T10-11-12-131Z-<message id>-<random>.eml`, instead of sending it.
 * A file is there whole or not at all.
 */
export class FileTransport extends MailTransport {
  /** The folder, absolute. */
  readonly dir: string;

  /** @throws RelayConfigurationError */
  constructor({ dir }: FileTransportOptions) {
    super();
    if (typeof dir !== 'string' || dir === '' || dir.includes('\0'))
      throw new RelayConfigurationError('file.dir', 'must be the path of a folder');
    this.dir = resolve(dir);
  }

  /** `response` is the file's path. @throws MailError scope `transport` for a folder that cannot be written to */
  async send(message: MailMessage): Promise<TransportResult> {
    const raw = await message.raw();
    const file = join(this.dir, fileName(message));
    // Beside the file, since only then can it be renamed in one step; hidden from a look at `*.eml`.
    const draft = join(this.dir, `.${randomBytes(8).toString('hex')}.tmp`);
    try {
      await mkdir(this.dir, { recursive: true });
      await writeFile(draft, raw, { flag: 'wx' });
      await rename(draft, file);
    } catch (cause) {
      await rm(draft, { force: true }).catch(() => undefined);
      const { code, message: why } = cause as NodeJS.ErrnoException;
      throw new MailError(`The message could not be written to ${this.dir}: ${why}`, {
        scope: 'transport',
        code,
        cause,
      });
    }
    return { response: file };
  }

  /** Takes the files away that it has written, and no others. Gives how many. */
  async clear(): Promise<number> {
    const names = (await readdir(this.dir).catch(() => [])).filter((name) => OWN_NAME.test(name));
    await Promise.all(names.map((name) => rm(join(this.dir, name), { force: true })));
    return names.length;
  }

  override toString(): string {
    return `file:${this.dir}`;
  }
}

/** What {@link fileName} gives. */
const OWN_NAME = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z-[\w-]{0,64}-[\da-f]{6}\.eml$/;

/** Sorts by time. Nothing of a message id can lead out of the folder, and no two messages have one name. */
function fileName({ messageId }: MailMessage): string {
  const time = new Date().toISOString().replace(/[:.]/g, '-');
  const id = messageId
    .replace(/@.*$/, '')
    .replace(/[^A-Za-z0-9_-]/g, '')
    .slice(0, 64);
  return `${time}-${id}-${randomBytes(3).toString('hex')}.eml`;
}
