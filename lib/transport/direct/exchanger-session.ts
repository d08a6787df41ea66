import type { MailError } from '../../errors/mail.error.js';
import { fittedTransaction } from '../smtp/fitted-transaction.js';
import type { SmtpConversation } from '../smtp/smtp-conversation.interface.js';
import { hungUp } from '../smtp/smtp-errors.js';
import { SmtpError } from '../smtp/smtp.error.js';
import { isServerTrouble, ofRecipient } from './direct-errors.js';
import type { DirectTransportOptions } from './direct-transport-options.interface.js';
import type { ExchangerPool, ExchangerTarget } from './exchanger-pools.js';
import type { MailUnderWay } from './mail-under-way.js';

/** Whom another server may take, and why this one did not. */
export interface SessionEnd {
  readonly left: readonly string[];
  readonly why?: MailError;
}

/** RFC 5321 section 4.5.3.1.8: so many recipients every server must take at once. */
const MOST_RECIPIENTS = 100;

/** One message's transactions with one server, over one connection. */
export class ExchangerSession {
  readonly #pool: ExchangerPool;
  readonly #mail: MailUnderWay;
  readonly #returnPath: DirectTransportOptions['returnPath'];
  #conversation: SmtpConversation;
  /** Recipients of one transaction. */
  #most: number;

  private constructor(
    pool: ExchangerPool,
    conversation: SmtpConversation,
    mail: MailUnderWay,
    returnPath: DirectTransportOptions['returnPath'],
  ) {
    this.#pool = pool;
    this.#conversation = conversation;
    this.#mail = mail;
    this.#returnPath = returnPath;
    this.#most = returnPath ? 1 : recipientsOf(conversation);
  }

  /** @throws MailError when there is no connection to be had, or the server has turned out to be in trouble meanwhile */
  static async open(
    pool: ExchangerPool,
    target: ExchangerTarget,
    mail: MailUnderWay,
    returnPath: DirectTransportOptions['returnPath'],
  ): Promise<ExchangerSession> {
    const conversation = await ExchangerSession.#take(pool, target, mail);
    const { error, left } = pool.trouble;
    if (left === 0) return new ExchangerSession(pool, conversation, mail, returnPath);
    pool.give(conversation);
    throw ofRecipient(error, left);
  }

  static async #take(pool: ExchangerPool, target: ExchangerTarget, mail: MailUnderWay): Promise<SmtpConversation> {
    try {
      return await pool.take(target, mail.guard.signal);
    } catch (error) {
      if (mail.guard.signal.aborted) mail.stop(error);
      else if (error instanceof SmtpError) pool.trouble.met(error);
      throw error;
    }
  }

  /** As many transactions as it takes. Gives the connection back; never throws. */
  async run(recipients: readonly string[]): Promise<SessionEnd> {
    const elsewhere: string[] = [];
    let why: MailError | undefined;
    let left = recipients;
    try {
      while (left.length > 0 && !this.#mail.isStopped) {
        if (this.#conversation.closed) await this.#replace();
        const most = this.#most;
        const end = await this.#transaction(left.slice(0, most));
        elsewhere.push(...end.elsewhere);
        why = end.why ?? why;
        left = [...end.again, ...left.slice(most)];
        // It is in trouble, and would say the same to the others.
        if (end.elsewhere.length > 0) break;
      }
    } catch (error) {
      why = ofRecipient(error);
    } finally {
      this.#pool.give(this.#conversation);
    }
    return { left: [...elsewhere, ...left], ...(why && { why }) };
  }

  async #replace(): Promise<void> {
    this.#conversation = await this.#pool.replace(this.#conversation, this.#mail.guard.signal);
  }

  async #transaction(recipients: readonly string[]): Promise<TransactionEnd> {
    try {
      return await this.#transmit(recipients);
    } catch (error) {
      // A server may hang up on a connection that was kept, and that says nothing of the mail.
      const stale = this.#conversation.messages > 1 && hungUp(error) && !this.#mail.isStopped;
      return stale ? this.#onceMore(recipients) : this.#refusedWhole(error, recipients);
    }
  }

  async #onceMore(recipients: readonly string[]): Promise<TransactionEnd> {
    try {
      await this.#replace();
      return await this.#transmit(recipients);
    } catch (error) {
      return this.#refusedWhole(error, recipients);
    }
  }

  #refusedWhole(error: unknown, recipients: readonly string[]): TransactionEnd {
    if (error instanceof SmtpError && error.replyCode !== undefined) this.#pool.trouble.over();
    // Whoever may have it already is not sent it by another server.
    if (error instanceof SmtpError && error.ambiguous) this.#mail.failed(recipients, error);
    else if (this.#mail.isStopped) this.#mail.stop(error);
    else if (error instanceof SmtpError && isServerTrouble(error)) {
      // One that leaves us waiting would take the time of all who want to write to it.
      if (error.code === 'ETIMEDOUT') this.#pool.trouble.met(error);
      return { again: [], elsewhere: recipients, why: ofRecipient(error) };
    } else this.#mail.failed(recipients, error);
    return END;
  }

  async #transmit(recipients: readonly string[]): Promise<TransactionEnd> {
    const conversation = this.#conversation;
    const { message, content, guard } = this.#mail;
    const from = this.#returnPath ? this.#returnPath(recipients[0]!, message) : message.envelope.from;
    const told = { from, to: recipients };
    const fit = await fittedTransaction(message, told, content, conversation.extensions, this.#pool.endpoint);
    const { envelope, pieces } = fit;
    for (const [address, error] of fit.refused) this.#mail.failed([address], error);
    if (envelope.to.length === 0) return END;
    const answer = await conversation.transmit(envelope, pieces, guard, () => this.#pool.lend(conversation));
    this.#pool.trouble.over();
    const { response, refused = NOBODY } = answer;
    const taken = response === undefined ? [] : envelope.to.filter((address) => !refused.has(address));
    this.#mail.sent(taken, this.#pool.host, answer, envelope.notify !== undefined);
    return this.#refusedSome(refused, taken.length);
  }

  #refusedSome(refused: ReadonlyMap<string, SmtpError>, taken: number): TransactionEnd {
    const again: string[] = [];
    const elsewhere: string[] = [];
    let why: MailError | undefined;
    for (const [address, error] of refused) {
      if (taken > 0 && isTooMany(error)) again.push(address);
      else if (isServerTrouble(error)) {
        elsewhere.push(address);
        why = ofRecipient(error);
      } else this.#mail.failed([address], error);
    }
    // So many it takes at once, as it has just shown.
    if (again.length > 0) this.#most = taken;
    return { again, elsewhere, ...(why && { why }) };
  }
}

interface TransactionEnd {
  /** Too many for this transaction: RFC 5321 section 4.5.3.1.10. */
  readonly again: readonly string[];
  readonly elsewhere: readonly string[];
  readonly why?: MailError;
}

const END: TransactionEnd = { again: [], elsewhere: [] };
const NOBODY: ReadonlyMap<string, SmtpError> = new Map();

/** What the server says in EHLO: LIMITS, RFC 9422 section 4. */
function recipientsOf({ extensions }: SmtpConversation): number {
  const [, most] = /\bRCPTMAX (\d{1,6})\b/i.exec(extensions.get('LIMITS') ?? '') ?? [];
  return Math.max(1, Math.min(MOST_RECIPIENTS, Number(most ?? MOST_RECIPIENTS)));
}

function isTooMany({ reason, replyCode, enhancedCode, message }: SmtpError): boolean {
  if (reason === 'too-many-recipients') return true;
  return replyCode === 452 && (enhancedCode === undefined || /too many/i.test(message));
}
