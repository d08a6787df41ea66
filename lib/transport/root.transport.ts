import { MailTransport, type SendContext, type TransportResult } from './mail-transport.js';
import type { MailMessage } from '../mail/mail-message.interface.js';

/** What stands behind the transport that an application injects. */
export interface TransportRoot {
  hand(message: MailMessage, context: SendContext): Promise<TransportResult>;
  verify(): Promise<void>;
}

/** The transport that an application injects: the route of the configuration, with its throttle and breaker, past the queue. */
export class RootTransport extends MailTransport {
  readonly #root: TransportRoot;

  constructor(root: TransportRoot) {
    super();
    this.#root = root;
  }

  async send(message: MailMessage, context: SendContext): Promise<TransportResult> {
    return this.#root.hand(message, context);
  }

  /** Proves every transport of the configuration, but for those of tenants. */
  override async verify(): Promise<void> {
    await this.#root.verify();
  }
}
