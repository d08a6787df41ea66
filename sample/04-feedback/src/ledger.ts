import { Injectable, Logger } from '@nestjs/common';
import { type MailEvent, OnMailEvent } from 'nestjs-mail-relay';

/** What the application does about events: once for each, in whichever process has time, and again should it fail. */
@Injectable()
export class Ledger {
  readonly #logger = new Logger(Ledger.name);

  @OnMailEvent('bounced', 'complained')
  note(event: MailEvent<'bounced' | 'complained'>): void {
    this.#logger.warn(`${event.recipient}: ${event.type}${event.suppress ? ', and gets no more mails' : ''}`);
  }
}
