import { Injectable } from '@nestjs/common';
import { MailError, type MailMessage, MailTransport, type SendContext, type TransportResult } from 'nestjs-mail-relay';
import { AcmeSettings } from './acme.settings.js';

/** Sends through the API of Acme. The relay does the rest: queue, route, rate, breaker, retries. */
@Injectable()
export class AcmeTransport extends MailTransport {
  override readonly capabilities = { tags: false, attachments: false } as const;
  readonly #settings: AcmeSettings;

  constructor(settings: AcmeSettings) {
    super();
    this.#settings = settings;
  }

  async send(
    { from, subject, text, envelope }: MailMessage,
    { signal, idempotencyKey }: SendContext,
  ): Promise<TransportResult> {
    signal.throwIfAborted();
    const response = await fetch(`${this.#settings.url}/mails`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#settings.token}`, 'idempotency-key': idempotencyKey },
      body: JSON.stringify({ from: from.address, to: envelope.to, subject, text }),
      signal: AbortSignal.timeout(this.#settings.timeout),
    }).catch((cause: Error) => {
      // The request was out: nobody knows whether Acme has the mail.
      throw new MailError('Acme did not answer', { ambiguous: cause.name === 'TimeoutError', cause });
    });
    if (response.status === 422)
      throw new MailError('Acme refused the recipient', { permanent: true, scope: 'recipient' });
    if (response.status === 429) throw new MailError('Acme is busy', { reason: 'rate', retryAfter: '1s' });
    if (!response.ok) throw new MailError(`Acme answered ${response.status}`);
    const { id } = (await response.json().catch(() => ({}))) as { id?: string };
    if (!id) throw new MailError('Acme gave no id', { ambiguous: true });
    return { providerMessageId: id };
  }
}
