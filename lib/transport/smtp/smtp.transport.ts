import { dkimIdentities, type DkimIdentity } from '../../dkim/dkim-identity.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import {
  MailTransport,
  type SendContext,
  type SenderIdentity,
  type TransportCapabilities,
  type TransportResult,
} from '../mail-transport.js';
import { fittedTransaction } from './fitted-transaction.js';
import { messageSigner, type SignMessage } from './message-signer.js';
import { openSmtpConversation } from './open-smtp-conversation.js';
import { type SmtpContent, smtpContent } from './smtp-content.js';
import type { SmtpConversation, SmtpGuard } from './smtp-conversation.interface.js';
import { givenUp, hungUp } from './smtp-errors.js';
import { SmtpPool } from './smtp-pool.js';
import { transportResult } from './smtp-result.js';
import { type SmtpSettings, smtpSettings } from './smtp-settings.js';
import type { SmtpTransportOptions } from './smtp-transport-options.interface.js';
import type { SmtpException } from './smtp-verdict.js';

/**
 * Hands messages to a relay over SMTP (RFC 5321), over connections that are kept.
 *
 * Each recipient has an outcome of its own: one refused with 4yz is `deferred`, with 5yz `bounced`, and the others are sent. What fails
 * for all of them is thrown as an `SmtpError`, which knows how far the conversation had come, and is `ambiguous` when only the answer
 * to the message was lost.
 *
 * @example
 * new SmtpTransport({ host: 'smtp.acme.test', auth: { user: 'acme', pass: process.env.SMTP_PASS! } })
 */
export class SmtpTransport extends MailTransport {
  override readonly capabilities: TransportCapabilities = { raw: true };
  readonly #settings: SmtpSettings;
  readonly #sign?: SignMessage;
  readonly #keys: readonly DkimIdentity[];
  readonly #pool: SmtpPool;

  /**
   * @param exceptions what a provider's replies mean where the usual rules get them wrong; they come first
   * @throws RelayConfigurationError for a wrong option or a broken DKIM key
   */
  constructor(options: SmtpTransportOptions, exceptions: readonly SmtpException[] = []) {
    super();
    this.#settings = smtpSettings(options, exceptions);
    this.#sign = messageSigner(options);
    this.#keys = dkimIdentities(options.dkim, 'smtp.dkim');
    this.#pool = new SmtpPool((signal) => openSmtpConversation(this.#settings, signal), this.#settings);
  }

  /** @throws SmtpError, or `MailError` for a message that cannot be signed; what `confirm` throws comes through as it is */
  override async send(message: MailMessage, guard: SendContext): Promise<TransportResult> {
    const { signal } = guard;
    const content = await smtpContent(message, this.#sign);
    let conversation = await this.#pool.take(signal);
    try {
      return await this.#transmit(conversation, message, content, guard);
    } catch (error) {
      // A server may hang up on a connection that was kept, and that says nothing of the mail.
      if (conversation.messages < 2 || !hungUp(error)) throw error;
      conversation = await this.#pool.replace(conversation, signal);
      return await this.#transmit(conversation, message, content, guard);
    } finally {
      this.#pool.give(conversation);
    }
  }

  /** Connects, encrypts, logs in, and takes its leave. @throws SmtpError */
  override async verify(): Promise<void> {
    const conversation = await openSmtpConversation(this.#settings, new AbortController().signal);
    try {
      await conversation.reset(this.#settings.timeouts.command);
    } finally {
      await conversation.quit();
    }
  }

  /** The keys that it signs with. */
  override identity(): SenderIdentity {
    return { dkim: this.#keys };
  }

  /** Lets messages in flight finish, then closes the connections. Nothing can be sent afterwards. */
  override close(): Promise<void> {
    return this.#pool.close();
  }

  /** `smtp://host:port`, without user and password. */
  override toString(): string {
    return this.#settings.endpoint;
  }

  async #transmit(
    conversation: SmtpConversation,
    message: MailMessage,
    content: SmtpContent,
    guard: SmtpGuard,
  ): Promise<TransportResult> {
    if (guard.signal.aborted) throw givenUp(this.toString(), 'mail', guard.signal.reason);
    const { to } = message.envelope;
    const { envelope, pieces, refused } = await fittedTransaction(
      message,
      message.envelope,
      content,
      conversation.extensions,
      this.toString(),
    );
    if (envelope.to.length === 0) return transportResult(to, {}, refused);
    const answer = await conversation.transmit(envelope, pieces, guard, () => this.#pool.lend(conversation));
    const result = transportResult(to, answer, refused);
    return envelope.notify ? { ...result, notifies: true } : result;
  }
}
