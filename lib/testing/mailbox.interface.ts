import type { Type } from '@nestjs/common';
import type { Duration } from '../duration.js';
import type { MailError } from '../errors/mail.error.js';
import type { SentMail } from './sent-mail.js';

/** Which mails are meant; all that is given must fit. */
export interface MailQuery {
  /** One of the recipients. */
  to?: string;
  /** The whole subject, or a pattern in it. Of a mail that was not rendered yet only a literal subject is known. */
  subject?: string | RegExp;
  /** Name of the template. */
  template?: string;
}

/** All mails of an application under test. Made by `fakeMail()`. */
export interface Mailbox {
  /** What was handed to a transport and taken, in that order. */
  readonly mails: readonly SentMail[];
  /** The first mail that fits. @throws MailAssertionError that lists what was sent */
  assertSent(mail?: Type | MailQuery, query?: MailQuery): SentMail;
  /** @throws MailAssertionError when a mail that fits was sent */
  assertNotSent(mail?: Type | MailQuery, query?: MailQuery): void;
  /** Whether such a mail was queued, sent meanwhile or not. @throws MailAssertionError that lists what was queued */
  assertQueued(mail?: Type | MailQuery, query?: MailQuery): void;
  /** The next attempt fails with this error; several calls, several attempts. */
  failNext(error: MailError): void;
  /** Every mail queued so far has been sent or has failed; what is delayed or deferred waits on. */
  settled(): Promise<void>;
  /** Moves the queue's clock: retries and scheduled mails that fall due are sent. */
  advance(by: Duration): Promise<void>;
  /** Forgets all mails, queued ones too, and the failures that were to come. */
  clear(): void;
}
