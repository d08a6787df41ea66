import { Logger } from '@nestjs/common';
import type { MailSnapshot } from '../mail/mail-snapshot.interface.js';
import type { AttemptRecord, RecipientOutcome, RecipientState, StoredError } from './outcome-store.interface.js';

/** One line a fact, through Nest's logger: who, what, the server's words. Never a body, never a secret. */
export class AttemptLog {
  readonly #logger = new Logger('MailRelay');
  readonly #waiting = new Set<string>();

  attempted(mail: MailSnapshot, attempt: AttemptRecord, next: number | undefined): void {
    const { transport, recipients, outcome, error } = attempt;
    const level = recipients.some(({ state }) => state === 'bounced' || state === 'failed')
      ? 'error'
      : recipients.some(({ state }) => state === 'deferred')
        ? 'warn'
        : 'log';
    const who = recipients
      .map(({ address, state }) => (recipients.length === 1 ? address : `${address} (${state})`))
      .join(', ');
    const words = `${describe(mail)} to ${who}: ${error?.message ?? firstError(recipients) ?? outcome}${transport && ` [${transport}]`}`;
    this.#logger[level](next === undefined ? words : `${words}; next attempt ${new Date(next).toISOString()}`);
  }

  ended(
    mail: MailSnapshot,
    state: RecipientState,
    recipients: readonly RecipientOutcome[],
    error: StoredError | undefined,
  ): void {
    const words = `${describe(mail)} to ${recipients.map(({ address }) => address).join(', ')}: ${state}${error ? `, ${error.message}` : ''}`;
    if (state === 'failed') this.#logger.error(words);
    else this.#logger.log(words);
  }

  /** Once for each reason, not for each mail. */
  waiting(mail: MailSnapshot, why: string): void {
    if (this.#waiting.has(why) || this.#waiting.size > 1000) return;
    this.#waiting.add(why);
    this.#logger.warn(`${describe(mail)} and others like it wait: ${why}`);
  }
}

function describe({ id, mail }: MailSnapshot): string {
  return mail === undefined ? `Mail ${id}` : `${mail} ${id}`;
}

function firstError(recipients: readonly RecipientOutcome[]): string | undefined {
  return recipients.find(({ error }) => error)?.error?.message;
}
