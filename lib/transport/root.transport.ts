import { MailTransport, type SendContext, type TransportResult } from './mail-transport.js';
import type { MailMessage } from '../mail/mail-message.interface.js';

/** The transport that an application injects: whatever the configuration makes of it, once it is there. */
export class RootTransport extends MailTransport {
  readonly #root: () => MailTransport;

  constructor(root: () => MailTransport) {
    super();
    this.#root = root;
  }

  async send(message: MailMessage, context: SendContext): Promise<TransportResult | void> {
    return this.#root().send(message, context);
  }

  override async verify(): Promise<void> {
    await this.#root().verify?.();
  }
}
