import { resolve } from 'node:path';
import { Logger } from '@nestjs/common';
import type { MailMessage } from '../mail/mail-message.interface.js';
import { FileTransport } from './file.transport.js';
import { MailTransport, type TransportResult } from './mail-transport.js';
import { MemoryTransport } from './memory.transport.js';

/** What a relay without configuration sends with: mails are kept, as `.eml` files and in memory, and nothing leaves the machine. */
export class InboxTransport extends MailTransport {
  /** Folder of the files. */
  readonly dir: string;
  readonly memory = new MemoryTransport();
  readonly #files: FileTransport;
  readonly #logger = new Logger('MailRelay');

  constructor({ dir }: { dir: string }) {
    super();
    this.dir = resolve(dir);
    this.#files = new FileTransport({ dir: this.dir });
    this.#logger.log(`No transport is configured: mails are kept as .eml files in ${this.dir} and are not sent`);
  }

  /** Forgets every message, and takes its files away. Gives how many. */
  async clear(): Promise<number> {
    this.memory.clear();
    return this.#files.clear();
  }

  async send(message: MailMessage): Promise<TransportResult> {
    await this.memory.send(message);
    return this.#files.send(message);
  }
}
