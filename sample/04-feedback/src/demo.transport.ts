import { type MailMessage, MailTransport, type TransportResult } from 'nestjs-mail-relay';

/** Stands in for a provider: takes every mail, gives it an id, and sends nothing. */
export class DemoTransport extends MailTransport {
  /** Return paths, by the mail's id: where a bounce would go. */
  readonly returnPaths = new Map<string, string>();

  async send(message: MailMessage): Promise<TransportResult> {
    this.returnPaths.set(message.id, message.envelope.from);
    return { providerMessageId: `demo-${message.id}`, response: 'taken, and not sent' };
  }
}
