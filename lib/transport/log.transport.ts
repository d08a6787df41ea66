import { Logger } from '@nestjs/common';
import type { MailMessage } from '../mail/mail-message.interface.js';
import { MailTransport, type TransportResult } from './mail-transport.js';

export interface LogTransportOptions {
  /** Logs the text of a message too (the HTML where there is none). It may hold passwords and links to log in with. Default `false`. */
  body?: boolean;
}

/** Writes a line about each message to Nest's logger instead of sending it: recipients, subject, size. */
export class LogTransport extends MailTransport {
  readonly #logger = new Logger(LogTransport.name);
  readonly #body: boolean;

  constructor({ body = false }: LogTransportOptions = {}) {
    super();
    this.#body = body;
  }

  async send(message: MailMessage): Promise<TransportResult> {
    const { length } = await message.raw();
    const line = `${message.envelope.to.join(', ')}: ${JSON.stringify(message.subject)}, ${length} bytes`;
    this.#logger.log(this.#body ? `${line}\n${message.text ?? message.html ?? ''}` : line);
    return { response: 'logged' };
  }

  override toString(): string {
    return 'log:';
  }
}
