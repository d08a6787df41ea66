import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import { MailTransport, type TransportResult } from './mail-transport.js';

export interface MemoryTransportOptions {
  /** How many messages are kept; the oldest go first. Default 1000. */
  limit?: number;
}

/**
 * Keeps messages in memory instead of sending them.
 *
 * @example
 * const memory = new MemoryTransport();
 * // ... transport: memory ...
 * memory.messages.at(-1)?.subject;
 */
export class MemoryTransport extends MailTransport {
  readonly #limit: number;
  #messages: MailMessage[] = [];

  /** @throws RelayConfigurationError */
  constructor({ limit = 1000 }: MemoryTransportOptions = {}) {
    super();
    if (!Number.isInteger(limit) || limit < 1)
      throw new RelayConfigurationError('memory.limit', 'must be a whole number of 1 or more');
    this.#limit = limit;
  }

  /** The messages kept, oldest first. */
  get messages(): readonly MailMessage[] {
    return this.#messages;
  }

  /** @throws MailMessageError for a message that cannot be composed: it could not be sent either */
  async send(message: MailMessage): Promise<TransportResult> {
    await message.raw();
    this.#messages.push(message);
    if (this.#messages.length > this.#limit) this.#messages.shift();
    return { response: 'kept in memory' };
  }

  /** Forgets every message. */
  clear(): void {
    this.#messages = [];
  }

  override toString(): string {
    return 'memory:';
  }
}
