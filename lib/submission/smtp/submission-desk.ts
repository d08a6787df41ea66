import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { LogPace } from '../../log-pace.js';
import { needsSmtpUtf8 } from '../../mail/address.js';
import { parseRate } from '../../transport/rate.js';
import type { Envelope, MessageIntake } from './message-intake.js';
import { LoginGuard } from './login-guard.js';
import { BufferBudget, MessageBuffer } from './message-buffer.js';
import type { MessageQuota } from './message-quota.js';
import type { SubmissionSettings } from './read-submission-options.js';
import { isOwnFault, refusalOf } from './refusal-of.js';
import { checkReturnPath } from './sender-policy.js';
import { SmtpRefusalError } from './smtp-refusal.error.js';
import type { SubmissionAuthenticator, SubmissionCredentials, SubmissionUser } from './submission-authenticator.js';

/** Who is at the other end of a connection. */
export interface SubmissionClient {
  readonly address: string;
  readonly secure: boolean;
  /** Whether it could turn on TLS, and has not. */
  readonly mayStartTls: boolean;
  readonly user?: SubmissionUser;
}

/** Decides what becomes of logins, senders, recipients and messages, whatever speaks SMTP. Whatever it throws is a {@link SmtpRefusalError}. */
export class SubmissionDesk {
  readonly #settings: SubmissionSettings;
  readonly #authenticator: SubmissionAuthenticator | undefined;
  readonly #intake: MessageIntake;
  readonly #quota: MessageQuota;
  readonly #budget: BufferBudget;
  readonly #guard = new LoginGuard();
  readonly #logger = new Logger('MailRelay');
  readonly #pace = new LogPace(60_000);

  constructor(
    settings: SubmissionSettings,
    authenticator: SubmissionAuthenticator | undefined,
    intake: MessageIntake,
    quota: MessageQuota,
  ) {
    this.#settings = settings;
    this.#authenticator = authenticator;
    this.#intake = intake;
    this.#quota = quota;
    this.#budget = new BufferBudget(settings.maxBuffered);
  }

  isTrusted(address: string): boolean {
    return this.#settings.trusted.has(address);
  }

  /** `null`: refused, after a while. */
  async logIn(credentials: SubmissionCredentials): Promise<SubmissionUser | null> {
    const { remoteAddress, username, method } = credentials;
    if (this.#guard.isBlocked(remoteAddress, username)) {
      this.#warn(`lock ${remoteAddress}`, `No more logins from ${remoteAddress} are tried for now: too many failed`);
      throw new SmtpRefusalError(454, '4.7.0', 'Too many logins failed; try again later', { closes: true });
    }
    const user = await this.#authenticate(credentials);
    if (user) {
      this.#guard.succeeded(remoteAddress, username);
      return user;
    }
    this.#warn(`login ${remoteAddress}`, `A login by ${method} from ${remoteAddress} was refused`);
    await sleep(this.#guard.failed(remoteAddress, username), undefined, { ref: false });
    return null;
  }

  /** May this client send from this address? */
  checkSender(client: SubmissionClient, address: string, smtpUtf8: boolean): void {
    try {
      this.#checkSender(client, address, smtpUtf8);
    } catch (error) {
      throw this.#refused(client, error);
    }
  }

  #checkSender(client: SubmissionClient, address: string, smtpUtf8: boolean): void {
    if (!client.user && !this.isTrusted(client.address))
      throw new SmtpRefusalError(
        530,
        '5.7.0',
        client.mayStartTls ? 'Issue STARTTLS first, then AUTH' : 'Authentication is required',
      );
    checkUtf8(address, smtpUtf8);
    checkReturnPath(address, client.user?.senders);
    if (client.user) this.#quota.check(client.user);
  }

  checkRecipient(address: string, smtpUtf8: boolean): void {
    checkUtf8(address, smtpUtf8);
  }

  /** A place for a message that is coming in. */
  openMessage(): MessageBuffer {
    return new MessageBuffer(this.#settings.maxSize, this.#budget);
  }

  /** Queues a message; the answer to the client. */
  async take(message: MessageBuffer, client: SubmissionClient, envelope: Envelope): Promise<string> {
    try {
      if (message.refusal) throw message.refusal;
      const { length } = message.bytes;
      const id = await this.#intake.take(message.bytes, client.user, envelope, client.address);
      this.#logger.debug?.(
        `Took mail ${id} from ${nameOf(client)}: ${length} bytes for ${envelope.to.length} recipients, in transaction ${envelope.id}`,
      );
      return `2.0.0 Queued as ${id}`;
    } catch (error) {
      throw this.#refused(client, error);
    } finally {
      message.release();
    }
  }

  /** What the client is told; what is this server's own fault is logged. */
  refusal(error: unknown): SmtpRefusalError {
    if (isOwnFault(error)) {
      const why = error instanceof Error ? error.message : String(error);
      this.#warn(`fault ${why.slice(0, 80)}`, `Submission: ${why}`);
    }
    return refusalOf(error);
  }

  /** Logs it, once a minute for each client and reply with its enhanced code. */
  #refused(client: SubmissionClient, error: unknown): SmtpRefusalError {
    const refusal = this.refusal(error);
    const { responseCode, message } = refusal;
    this.#warn(
      `message ${nameOf(client)} ${client.address} ${responseCode} ${message.split(' ', 1)[0]}`,
      `A message from ${nameOf(client)} was refused: ${responseCode} ${message}`,
    );
    return refusal;
  }

  async #authenticate(credentials: SubmissionCredentials): Promise<SubmissionUser | null> {
    const stop = new AbortController();
    try {
      const late = sleep(AUTHENTICATION, undefined, { signal: stop.signal, ref: false }).then(() => {
        throw new Error(`the authenticator did not answer within ${AUTHENTICATION / 1_000} seconds`);
      });
      const user = await Promise.race([this.#authenticator!.authenticate(credentials), late]);
      return user ? checkUser(user) : null;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#warn('authenticator', `SubmissionAuthenticator failed: ${withoutSecrets(why, credentials)}`);
      throw new SmtpRefusalError(454, '4.7.0', 'Logins cannot be checked now; try again later');
    } finally {
      stop.abort();
    }
  }

  #warn(kind: string, words: string): void {
    if (this.#pace.isDue(kind)) this.#logger.warn(words);
  }
}

function nameOf({ user, address }: SubmissionClient): string {
  return user ? `user ${JSON.stringify(user.id)}` : address;
}

/** The authenticator is the application's: what it gives is looked at. */
function checkUser(user: SubmissionUser): SubmissionUser {
  if (typeof user.id !== 'string' || user.id === '') throw new Error('it gave a user without an id');
  if (
    user.senders !== undefined &&
    !(Array.isArray(user.senders) && user.senders.every((one) => typeof one === 'string'))
  )
    throw new Error('it gave a user whose senders are no array of domains');
  if (user.rate !== undefined) parseRate(user.rate, 'SubmissionUser.rate');
  return user;
}

/** RFC 6531 section 3.4. */
function checkUtf8(address: string, smtpUtf8: boolean): void {
  if (!smtpUtf8 && needsSmtpUtf8(address))
    throw new SmtpRefusalError(553, '5.6.7', 'An address that is not ASCII needs MAIL FROM:<...> SMTPUTF8');
}

function withoutSecrets(text: string, { password, accessToken }: SubmissionCredentials): string {
  return [password, accessToken].reduce<string>(
    (words, secret) => (secret ? words.replaceAll(secret, '***') : words),
    text,
  );
}

/** Milliseconds. */
const AUTHENTICATION = 30_000;
