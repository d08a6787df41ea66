import type { Type } from '@nestjs/common';
import { readable } from '../compose/create-message.js';
import type { MailError } from '../errors/mail.error.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import { MailTransport } from '../transport/mail-transport.js';
import { SentMail } from './sent-mail.js';

/** What a fake transport asks and tells. */
export interface Taker {
  /** The failure that is due, if any. */
  next(): MailError | undefined;
  sent(mail: SentMail): void;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Takes every message, or fails as it was told. It can carry what the real transport can. */
export class FakeTransport extends MailTransport {
  readonly #taker: Taker;

  constructor(taker: Taker, real: MailTransport | Type<MailTransport> | undefined) {
    super();
    this.#taker = taker;
    if (typeof real === 'object' && real.capabilities) Object.assign(this, { capabilities: real.capabilities });
  }

  async send(message: MailMessage): Promise<void> {
    const failure = this.#taker.next();
    if (failure) throw failure;
    // A finished message is looked into as one that was composed.
    const read = await readable(message);
    this.#taker.sent(new SentMail(read instanceof Error ? message : read, new Date(this.#taker.now())));
  }
}
