import { createMessage } from '../compose/create-message.js';
import type { ComposedMail } from '../compose/mail-composer.js';
import { MailError } from '../errors/mail.error.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import { attempt, type MailInterceptor } from './attempt.js';
import type { MailWords } from './mail-words.js';
import type { RecipientOutcome } from './outcome-store.interface.js';
import type { TransportSet } from './transport-set.js';

/** One attempt without a queue: what `sendNow()` does. */
export class DirectDelivery {
  readonly #transports: TransportSet;
  readonly #words: MailWords;
  readonly #interceptors: () => readonly MailInterceptor[];
  readonly #now: () => number;

  constructor(
    transports: TransportSet,
    words: MailWords,
    interceptors: () => readonly MailInterceptor[],
    now: () => number,
  ) {
    this.#transports = transports;
    this.#words = words;
    this.#interceptors = interceptors;
    this.#now = now;
  }

  /** @throws MailError of scope `transport`; a mail's own faults are in the outcomes */
  async send(mail: ComposedMail): Promise<RecipientOutcome[]> {
    const message = await this.render(mail);
    const signal = mail.signal ?? NEVER;
    const context = { signal, attempt: 1, idempotencyKey: mail.snapshot.id };
    const result = await attempt(
      message,
      this.#transports.pick(mail.snapshot.transport)!,
      context,
      this.#interceptors(),
      this.#now(),
    );
    if (result.error?.scope === 'transport') throw result.error;
    return result.record.recipients;
  }

  /** @throws MailError when a Mailable gives `null`, or is not known here */
  async render(mail: ComposedMail): Promise<MailMessage> {
    const signal = mail.signal ?? NEVER;
    const words = await this.#words.of(mail.snapshot, mail.body, undefined, signal);
    if (words.type === 'words') return createMessage(mail.snapshot, mail.body, mail.attachments, words.rendered);
    const why = words.type === 'none' ? 'gave null: there is nothing to send' : 'is not a provider of this application';
    throw new MailError(`${mail.snapshot.mail} ${why}`, {
      permanent: true,
      scope: 'message',
      code: words.type === 'none' ? 'ECANCELLED' : 'ENOTFOUND',
    });
  }
}

/** For those who gave no signal of their own. */
const NEVER = new AbortController().signal;
