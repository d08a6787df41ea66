import { setTimeout } from 'node:timers/promises';
import type { Type } from '@nestjs/common';
import type { Duration } from './duration.js';
import { createMessage } from './compose/create-message.js';
import type { ComposedMail, ComposeSetting, MailComposer } from './compose/mail-composer.js';
import { mailForm } from './compose/mail-form.js';
import { milliseconds } from './compose/mail-frame.js';
import type { MailRenderer, RenderedFor } from './compose/mail-renderer.js';
import { rememberSent } from './delivery/remember-sent.js';
import type { DirectDelivery } from './delivery/direct-delivery.js';
import { demandsOfComposed } from './delivery/demands.js';
import type { TransportSet } from './delivery/transport-set.js';
import { queuedEvents } from './delivery/outcome-events.js';
import { suppressedOutcome } from './delivery/suppressed-outcome.js';
import { aboutOf, type RecipientOutcome } from './delivery/outcome-store.interface.js';
import type { OutcomeReporter } from './delivery/outcome-reporter.interface.js';
import { MOST_HITS } from './events/timeline-store.interface.js';
import type { EventPublisher } from './events/event-publisher.js';
import { MailError } from './errors/mail.error.js';
import { MailMessageError } from './errors/mail-message.error.js';
import { type AdmittedMail, MailAdmission } from './mail-admission.js';
import { MailCancellation } from './mail-cancellation.js';
import { ENDED, type MailStatus, mailStatus, publicError, type SendResult } from './mail-status.js';
import type { InlineMessage, MailOptions, Recipients } from './mail/mail-options.interface.js';
import type { DataOf, Mailable, MailableOptions, MailData, MailInstance } from './mail/mailable.interface.js';
import type { MailMessage } from './mail/mail-message.interface.js';
import type { RawOptions } from './mail/raw-options.interface.js';
import type { MailBody, MailSnapshot } from './mail/mail-snapshot.interface.js';
import { decodeValue } from './mail/snapshot-value.js';
import { mailIdOf } from './mail/message-id.js';
import { encodeSnapshot } from './queue/encode-snapshot.js';
import type { MailQueue, NewMail } from './queue/mail-queue.interface.js';
import type { TransactionLike } from './queue/transaction-like.js';
import type { SuppressionGate } from './suppression/suppression-gate.js';
import { runSendMany, type SendManyOptions, type SendRun } from './send-many.js';

/** What a {@link MailService} is made of. */
export interface MailServiceParts {
  composer: MailComposer;
  renderer: MailRenderer;
  queue: MailQueue;
  publisher: EventPublisher;
  reporter: OutcomeReporter;
  gate: SuppressionGate;
  /** Whether lists show what mails are about. */
  isListed: boolean;
  /** Left out in a process that only queues. */
  transports?: TransportSet;
  direct?: DirectDelivery;
  now: () => number;
}

type Many<T> = Iterable<T> | AsyncIterable<T>;

interface PreparedMail {
  queued: NewMail;
  signal?: AbortSignal;
}

/** Sends mail. The one service that an application injects. */
export class MailService {
  readonly #parts: MailServiceParts;
  readonly #admission: MailAdmission;
  readonly #cancellation: MailCancellation;

  constructor(parts: MailServiceParts) {
    this.#parts = parts;
    this.#admission = new MailAdmission(parts);
    this.#cancellation = new MailCancellation(parts);
  }

  /**
   * Queues a mail; resolves once it is durably stored. Recipients on the suppression list are `suppressed` in the result, and get nothing.
   *
   * @throws MailMessageError for what cannot be sent, naming the field
   * @throws MailTemplateError for a template that is missing or broken, or a variable that is not there
   * @throws UnsupportedFeatureError for what the mail's transport cannot carry
   * @throws QueueUnavailableError within 5 seconds, when the queue's backend is down
   */
  send(message: InlineMessage): Promise<SendResult>;
  send<M extends object>(mail: MailInstance<M> & M, options: Recipients & MailOptions): Promise<SendResult>;
  send<M extends Mailable<never>>(mail: Type<M>, options: MailableOptions<M>): Promise<SendResult>;
  async send(mail: unknown, options?: unknown): Promise<SendResult> {
    return this.#add(await this.#prepare(mail, options));
  }

  /**
   * Queues a message that is finished: RFC 5322 with its MIME parts, at most 25 MiB. Message-ID and Date are added where they are missing,
   * Bcc is taken out; else it goes out byte for byte, so that its signatures hold. A transport that takes no MIME is given its parts.
   *
   * @throws as `send()` does
   */
  async sendRaw(raw: Uint8Array, options: RawOptions): Promise<SendResult> {
    const composed = this.#parts.composer.composeRaw(raw, options);
    this.#checkTransport(composed);
    return this.#add(this.#encode(composed));
  }

  /**
   * One attempt in this process, past the queue, never retried: the provider's answer per recipient. Nothing is stored, so `status()`
   * knows nothing of it.
   *
   * @throws MailError of scope `transport` when no provider could be asked; what `send()` throws but QueueUnavailableError
   */
  sendNow(message: InlineMessage): Promise<SendResult>;
  sendNow<M extends object>(mail: MailInstance<M> & M, options: Recipients & MailOptions): Promise<SendResult>;
  sendNow<M extends Mailable<never>>(mail: Type<M>, options: MailableOptions<M>): Promise<SendResult>;
  async sendNow(mail: unknown, options?: unknown): Promise<SendResult> {
    const { direct } = this.#parts;
    if (!direct)
      throw new MailError('sendNow() needs a transport, and this process only queues (worker: false)', {
        permanent: true,
        code: 'ENOWORKER',
      });
    const composed = await this.#parts.composer.compose(mailForm(mail, options));
    for (const [field, given] of Object.entries({
      'sendAt or delay': composed.snapshot.notBefore > composed.snapshot.acceptedAt,
      idempotencyKey: composed.snapshot.deduplication,
    })) {
      if (given) throw new MailMessageError(field, 'is for mails that are queued; sendNow() sends at once');
    }
    this.#checkTransport(composed);
    const recipients = await direct.send(composed);
    if (composed.snapshot.track) await rememberSent(this.#parts.queue.store, composed, recipients);
    return {
      id: composed.snapshot.id,
      messageId: composed.snapshot.messageId,
      duplicate: false,
      recipients: recipients.map(resultOf),
    };
  }

  /**
   * Queues many mails from an array, a generator or a stream of rows, in chunks. Await it for the summary, or iterate it for a result per
   * mail; nothing is queued before that. Rows are read only as fast as they are queued, a chunk ahead at most. A bad row is an item with an error, not a throw;
   * priority is `low` unless told otherwise, so that a password reset overtakes a digest.
   *
   * @throws QueueUnavailableError, which ends the run
   */
  sendMany<M extends Mailable<never>>(
    mail: Type<M>,
    rows: Many<MailableOptions<M>>,
    options?: SendManyOptions,
  ): SendRun;
  sendMany(
    mails: Many<InlineMessage | readonly [mail: object, options: Recipients & MailOptions]>,
    options?: SendManyOptions,
  ): SendRun;
  sendMany(first: unknown, second?: unknown, third?: unknown): SendRun {
    const ofClass = typeof first === 'function';
    const rows = (ofClass ? second : first) as Many<unknown>;
    const options = ((ofClass ? third : second) ?? {}) as SendManyOptions;
    return runSendMany(rows, options, {
      prepare: async (row) => {
        const [mail, given] = ofClass
          ? [first, row]
          : Array.isArray(row)
            ? (row as [unknown, unknown])
            : [row, undefined];
        return (await this.#prepare(mail, given, { stream: options.stream, priority: options.priority ?? 'low' }))
          .queued;
      },
      add: (mails) => this.#admission.addMany(mails),
      result: (mail, added) => this.#result(mail, added),
    });
  }

  /**
   * The message without sending it; recipients may be left out. A Mailable is rendered here, in this process.
   *
   * @throws MailMessageError, MailTemplateError
   */
  render(message: Partial<InlineMessage>): Promise<MailMessage>;
  render<M extends object>(
    mail: MailInstance<M> & M,
    options?: Partial<Recipients> & MailOptions,
  ): Promise<MailMessage>;
  render<M extends Mailable<never>>(
    mail: Type<M>,
    options: Partial<Recipients> & MailOptions & DataOf<MailData<M>>,
  ): Promise<MailMessage>;
  async render(mail: unknown, options?: unknown): Promise<MailMessage> {
    const composed = await this.#parts.composer.compose(mailForm(mail, options), { recipients: false });
    if (composed.body.content.kind === 'mailable') {
      if (this.#parts.direct) return this.#parts.direct.render(composed);
      throw new MailError('A Mailable is rendered by a worker, and this process only queues (worker: false)', {
        permanent: true,
        code: 'ENOWORKER',
      });
    }
    const { snapshot, body, attachments } = composed;
    return createMessage(
      snapshot,
      body,
      attachments,
      await this.#parts.renderer.render(composed.body.content, renderedFor(composed)),
    );
  }

  /**
   * The whole story of a mail, kept for the relay's `retention` after its last change; `null` when nothing is known of it.
   *
   * @param id the mail's id, its Message-ID, or the id that its provider gave it
   */
  async status(id: string): Promise<MailStatus | null> {
    const { queue } = this.#parts;
    const known = await this.#status(id);
    if (known) return this.#withMore(known);
    const own = mailIdOf(id) ?? (await queue.store.mailOf(id));
    const found = own === undefined ? null : await this.#status(own);
    return found && this.#withMore(found);
  }

  /**
   * Resolves when every recipient is past the queue: sent, bounced, suppressed, cancelled or failed.
   *
   * @param options.timeout default none
   * @throws MailError `ETIMEOUT` when the time is over first, `ENOTFOUND` when nothing is known of the id
   */
  async wait(id: string, options: { timeout?: Duration } = {}): Promise<MailStatus> {
    const deadline =
      options.timeout === undefined ? Infinity : performance.now() + milliseconds(options.timeout, 'timeout');
    for (let pause = 10; ; pause = Math.min(pause * 1.5, 500)) {
      const status = await this.#status(id);
      if (!status)
        throw new MailError(`Nothing is known of a mail ${id}`, {
          permanent: true,
          scope: 'message',
          code: 'ENOTFOUND',
        });
      if (status.recipients.every(({ state }) => ENDED.has(state))) return status;
      const left = deadline - performance.now();
      if (left <= 0)
        throw new MailError(`Mail ${id} is still ${status.recipients.map(({ state }) => state).join(', ')}`, {
          scope: 'message',
          code: 'ETIMEOUT',
        });
      await setTimeout(Math.min(pause, left));
    }
  }

  /**
   * Cancels a mail that has not been sent, and frees its idempotency key. For a mail that is being sent right now it waits for that
   * attempt: should it be deferred, it is the last one.
   *
   * @returns `false` when it is too late: nobody's copy could be held back; also when the attempt takes longer than 30 seconds, though
   * it will be the last one
   */
  cancel(id: string): Promise<boolean> {
    return this.#cancellation.cancel(id);
  }

  /** Sends a dead letter or a bounced mail again, to those who did not get it; `false` when there is no such mail. */
  async retry(id: string): Promise<boolean> {
    const { queue, now } = this.#parts;
    if (!(await this.#isDead(id))) return false;
    const record = await queue.store.load(id);
    // Without its outcomes nobody knows who has it.
    if (!record) return false;
    const missed = record.recipients
      .filter(({ state }) => state === 'bounced' || state === 'failed')
      .map(({ address }) => address);
    await queue.store.reopen(id, missed, now());
    return queue.retry(id);
  }

  /**
   * A service whose mails go if and only if `tx` commits. It writes inside the caller's transaction, in a savepoint, and leaves the
   * `search_path` as it was; a failed `send()` does not doom the transaction.
   *
   * @throws UnsupportedFeatureError unless the queue is on Postgres
   */
  withTransaction(tx: TransactionLike): MailService {
    return new MailService({ ...this.#parts, queue: this.#parts.queue.withTransaction(tx) });
  }

  /** Whether its job is kept for a retry. A worker writes the outcome down first, and gives the job up a moment later. */
  async #isDead(id: string): Promise<boolean> {
    const { queue } = this.#parts;
    for (let look = 0; look < 50; look++) {
      const found = await queue.find(id);
      if (found?.state !== 'active') return found?.state === 'failed';
      const status = mailStatus(id, found, await queue.store.load(id));
      if (!status?.recipients.every(({ state }) => ENDED.has(state))) return false;
      await setTimeout(20);
    }
    return false;
  }

  /** All of `send()` but the queue. */
  async #prepare(mail: unknown, options: unknown, setting: ComposeSetting = {}): Promise<PreparedMail> {
    const composed = await this.#parts.composer.compose(mailForm(mail, options), setting);
    this.#checkTransport(composed);
    const { body } = composed;
    // For its errors only: the queue keeps what the words are made of. A process that only queues may have no templates.
    if (
      body.content.kind !== 'mailable' &&
      (body.content.kind === 'inline' || this.#parts.renderer.hasTemplates || this.#parts.transports)
    ) {
      await this.#parts.renderer.check(body.content, renderedFor(composed));
    }
    return this.#encode(composed);
  }

  #encode({ snapshot, body, attachments, signal }: ComposedMail): PreparedMail {
    return { queued: encodeSnapshot(snapshot, body, attachments, this.#parts.now()), ...(signal && { signal }) };
  }

  async #add({ queued, signal }: PreparedMail): Promise<SendResult> {
    signal?.throwIfAborted();
    return this.#result(queued, await untilAborted(this.#admission.add(queued), signal));
  }

  #checkTransport(composed: ComposedMail): void {
    const { transport, tenant, envelope } = composed.snapshot;
    const mail = {
      to: envelope.to,
      ...(transport !== undefined && { transport }),
      ...(tenant !== undefined && { tenant }),
    };
    this.#parts.transports?.check(mail, demandsOfComposed(composed));
  }

  async #result({ snapshot }: NewMail, { id, duplicate, suppressed }: AdmittedMail): Promise<SendResult> {
    if (!duplicate) {
      if (suppressed.length < snapshot.envelope.to.length) await this.#announce(snapshot);
      const state = snapshot.notBefore > snapshot.acceptedAt ? ('scheduled' as const) : ('queued' as const);
      return {
        id,
        messageId: snapshot.messageId,
        duplicate,
        recipients: snapshot.envelope.to.map((address) => {
          const held = suppressed.find((one) => one.address === address);
          return held ? resultOf(suppressedOutcome(address, held.reason, snapshot.acceptedAt)) : { address, state };
        }),
      };
    }
    const first = await this.#status(id);
    return { id, messageId: first?.messageId ?? '', duplicate, recipients: first?.recipients ?? [] };
  }

  /** The mail is queued, whatever becomes of the news. */
  async #announce(snapshot: MailSnapshot): Promise<void> {
    const { publisher } = this.#parts;
    if (!(await publisher.wants(['queued']))) return;
    const { id, messageId, mail } = snapshot;
    const about = aboutOf(snapshot, decodeValue(snapshot.body) as MailBody);
    const facts = { id, messageId, ...(mail !== undefined && { mail }), about };
    await publisher.publish(queuedEvents(facts)).catch(() => {});
  }

  async #status(id: string): Promise<MailStatus | null> {
    const { queue } = this.#parts;
    // The store last: a mail that ends between the two is in it by then.
    const found = await queue.find(id);
    const [record, feedback] = await Promise.all([queue.store.load(id), queue.timeline.read(id)]);
    return mailStatus(id, found, record, feedback);
  }

  /** Only of a mail with very many events some are not kept. */
  async #withMore(status: MailStatus): Promise<MailStatus> {
    if (status.events.length < MOST_HITS) return status;
    const moreEvents = await this.#parts.queue.timeline.more(status.id);
    return moreEvents > 0 ? { ...status, moreEvents } : status;
  }
}

function resultOf({ address, state, error }: RecipientOutcome): SendResult['recipients'][number] {
  return { address, state, ...(error && { error: publicError(error) }) };
}

function renderedFor({ snapshot: { locale }, body: { unsubscribeUrl } }: ComposedMail): RenderedFor {
  return { locale, unsubscribeUrl };
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
