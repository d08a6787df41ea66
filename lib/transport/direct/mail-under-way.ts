import type { MailError } from '../../errors/mail.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import type { RecipientResult, SendContext, TransportResult } from '../mail-transport.js';
import type { SmtpContent } from '../smtp/smtp-content.js';
import type { SmtpAnswer, SmtpGuard } from '../smtp/smtp-conversation.interface.js';
import { ofRecipient } from './direct-errors.js';
import { greylistWait } from './greylisting.js';

/** One message on its way to several domains, and what became of it at each. */
export class MailUnderWay {
  readonly message: MailMessage;
  readonly content: SmtpContent;
  readonly guard: SmtpGuard;
  readonly #attempt: number;
  readonly #greylistDelay: number;
  readonly #results = new Map<string, RecipientResult>();
  readonly #responses = new Set<string>();
  #serverMessageId?: string;
  #stopped?: unknown;
  #used?: MailError;

  constructor(message: MailMessage, content: SmtpContent, context: SendContext, greylistDelay: number) {
    const { signal, attempt, confirm } = context;
    this.message = message;
    this.content = content;
    this.#attempt = attempt;
    this.#greylistDelay = greylistDelay;
    this.guard = {
      signal,
      ...(confirm && {
        confirm: async () => {
          try {
            await confirm();
          } catch (error) {
            this.stop(error);
            throw error;
          }
        },
      }),
    };
  }

  /** Nothing more may be sent: it was given up, cancelled, or belongs to another worker. */
  get isStopped(): boolean {
    return this.#stopped !== undefined || this.guard.signal.aborted;
  }

  /** @param reason is thrown, where nobody has got anything yet */
  stop(reason: unknown): void {
    this.#stopped ??= reason;
  }

  /** @param host which server took it @param notifies whether it tells the sender what becomes of it */
  sent(addresses: readonly string[], host: string, { response, serverMessageId }: SmtpAnswer, notifies: boolean): void {
    if (response !== undefined) this.#responses.add(`${response} (${host})`);
    this.#serverMessageId ??= serverMessageId;
    for (const address of addresses)
      this.#results.set(address, { address, state: 'sent', ...(notifies && { notifies }) });
  }

  /** Bounced where the error is permanent, else deferred. */
  failed(addresses: readonly string[], thrown: unknown): void {
    const plain = ofRecipient(thrown);
    if (plain.reason === 'quota') this.#used ??= thrown as MailError;
    const error = ofRecipient(thrown, greylistWait(plain, this.#greylistDelay, this.#attempt));
    for (const address of addresses)
      this.#results.set(address, { address, state: error.permanent ? 'bounced' : 'deferred', error });
  }

  /** Whether something is known of a recipient already. */
  has(address: string): boolean {
    return this.#results.has(address);
  }

  /** What has become of these so far. */
  resultsOf(addresses: readonly string[]): RecipientResult[] {
    return addresses.flatMap((address) => this.#results.get(address) ?? []);
  }

  /** How many of these were not written to, for certain. */
  unwritten(addresses: readonly string[]): number {
    return addresses.filter((address) => {
      const result = this.#results.get(address);
      return result?.state !== 'sent' && !result?.error?.ambiguous;
    }).length;
  }

  /** @throws what stopped it, or MailError reason `quota`, where nobody has got anything, and nobody's server has said why */
  result(): TransportResult {
    const { to } = this.message.envelope;
    const stopped = this.#stopped ?? (this.guard.signal.aborted ? this.guard.signal.reason : undefined);
    const missing = to.filter((address) => !this.#results.has(address));
    if (missing.length > 0) this.failed(missing, stopped ?? new Error('it was given up'));
    const recipients = [...new Set(to)].map((address) => this.#results.get(address)!);
    const settled = recipients.some(({ state, error }) => state !== 'deferred' || error?.ambiguous);
    if (!settled && stopped !== undefined) throw stopped;
    if (this.#used && recipients.every(({ error }) => error?.reason === 'quota')) throw this.#used;
    return {
      ...(this.#responses.size > 0 && { response: [...this.#responses].join('; ') }),
      ...(this.#serverMessageId !== undefined && { providerMessageId: this.#serverMessageId }),
      recipients,
    };
  }
}
