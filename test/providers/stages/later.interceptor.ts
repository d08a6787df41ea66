import { MailError, type MailInterceptor, type MailMessage, type TransportResult } from '../../../lib/index.js';

/** Leaves those at later.test out of the first attempt of a mail, whatever its provider is. */
export class LaterInterceptor implements MailInterceptor {
  readonly #begun = new Set<string>();

  async intercept(
    message: MailMessage,
    next: { handle(message: MailMessage): Promise<TransportResult> },
  ): Promise<TransportResult> {
    const { envelope } = message;
    const later = envelope.to.filter((address) => address.endsWith('@later.test'));
    if (later.length === 0 || this.#begun.has(message.id)) return next.handle(message);
    this.#begun.add(message.id);
    const now = envelope.to.filter((address) => !later.includes(address));
    const result = await next.handle({ ...message, envelope: { ...envelope, to: now } });
    const error = new MailError('greylisted', { scope: 'recipient' });
    return { ...result, recipients: later.map((address) => ({ address, state: 'deferred', error })) };
  }
}
