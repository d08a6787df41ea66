import { setTimeout } from 'node:timers/promises';
import { QueueUnavailableError } from '../errors/queue-unavailable.error.js';
import type { AttemptLog } from './attempt-log.js';
import type { AttemptResult } from './attempt.js';
import type { MailInHand } from './mail-in-hand.js';
import type { OutcomeReporter } from './outcome-reporter.interface.js';
import type {
  OutcomeChange,
  OutcomeStore,
  RecipientOutcome,
  RecipientState,
  StoredError,
} from './outcome-store.interface.js';
import { nextAttempt } from './retry-schedule.js';

export interface MailLedgerParts {
  store: OutcomeStore;
  reporter: OutcomeReporter;
  log: AttemptLog;
  /** What to do when nobody knows whether the provider took the mail. */
  onAmbiguous: 'retry' | 'hold';
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Writes down what becomes of a mail, and then tells it: what is told has happened. */
export class MailLedger {
  readonly #parts: MailLedgerParts;

  constructor(parts: MailLedgerParts) {
    this.#parts = parts;
  }

  /** Writes down what an attempt came to. Those it was put off for are tried again later; those with trouble may go elsewhere. */
  async settle(mail: MailInHand, result: AttemptResult, trouble: readonly string[]): Promise<void> {
    const { job } = mail;
    const answeredAt = this.#parts.now();
    const { transport } = result.record;
    let recipients = result.record.recipients.map((one) => pinnedOutcome(one, transport, mail));
    if (this.#parts.onAmbiguous === 'hold')
      recipients = recipients.map((one) => (one.state === 'deferred' && one.error?.ambiguous ? held(one) : one));
    const putOff = recipients.some(({ address, state }) => state === 'deferred' && !trouble.includes(address));
    let at: number | 'expired' | undefined;
    if (putOff) {
      const { deferrals, since } = mail;
      at = nextAttempt(job.snapshot.retry, { now: answeredAt, since, deferrals, retryAfter: result.retryAfter });
      if (at === 'expired')
        recipients = recipients.map((one) =>
          one.state === 'deferred' && !trouble.includes(one.address) ? expired(one) : one,
        );
      else mail.tryAgain(at);
    }
    const record = { ...result.record, recipients, took: Math.max(0, answeredAt - result.record.at) };
    mail.note(recipients);
    await this.save(mail, {
      recipients,
      attempt: record,
      stallBaseline: job.stalls,
      ...(typeof at === 'number' && { deferrals: mail.deferrals + 1 }),
    });
    this.#parts.log.attempted(job.snapshot, record, typeof at === 'number' ? at : undefined);
    await this.tell(mail, mail.untoldOf(recipients), transport, answeredAt - mail.since);
  }

  /** Writes down what an attempt has come to for some, while it goes on for others. */
  async settleSome(mail: MailInHand, recipients: readonly RecipientOutcome[], transport: string): Promise<void> {
    mail.note(recipients);
    await this.save(mail, { recipients });
    await this.tell(mail, recipients, transport, this.#parts.now() - mail.since);
    mail.told(recipients);
  }

  /** Ends some recipients without an attempt. */
  async end(mail: MailInHand, addresses: readonly string[], state: RecipientState, error?: StoredError): Promise<void> {
    const at = this.#parts.now();
    const recipients = addresses.map((address): RecipientOutcome => ({ address, state, at, ...(error && { error }) }));
    await this.endWith(mail, state, recipients, error);
  }

  /** The same, where each has an outcome of his own. @param error for the log */
  async endWith(
    mail: MailInHand,
    state: RecipientState,
    recipients: readonly RecipientOutcome[],
    error?: StoredError,
  ): Promise<void> {
    mail.note(recipients);
    await this.save(mail, { recipients, stallBaseline: mail.job.stalls });
    this.#parts.log.ended(mail.job.snapshot, state, recipients, error);
    await this.tell(mail, recipients);
  }

  /** Whoever gave the mail may want to know. */
  async waits(mail: MailInHand): Promise<void> {
    const { facts, since, deadline, job } = mail;
    if (!facts.about.notify) return;
    await persist(() => this.#parts.reporter.waits(facts, mail.waiting, since, deadline), job.signal);
  }

  /** @param took milliseconds from when the mail was to go to the provider's answer */
  tell(mail: MailInHand, outcomes: readonly RecipientOutcome[], transport?: string, took?: number): Promise<void> {
    return persist(() => this.#parts.reporter.report(mail.facts, outcomes, transport, took), mail.job.signal);
  }

  async save(mail: MailInHand, change: Omit<OutcomeChange, 'messageId' | 'mail' | 'about'>): Promise<void> {
    const { id, place, ...facts } = mail.facts;
    const given = await persist(() => this.#parts.store.save(id, { ...facts, ...change }), mail.job.signal);
    mail.place = given ?? place;
  }
}

/** Of a mail that is too old. @param last what was heard last */
export function expiredError(last: string): StoredError {
  return { message: `Not delivered within the mail's maxAge. Last answer: ${last}`, reason: 'expired' };
}

/** Whoever may have the mail already is not sent it by another transport. */
function pinnedOutcome(outcome: RecipientOutcome, transport: string, mail: MailInHand): RecipientOutcome {
  if (outcome.state !== 'deferred') return outcome;
  const pinned = outcome.error?.ambiguous ? transport : mail.pinOf(outcome.address, [transport]);
  return pinned === undefined ? outcome : { ...outcome, pinned };
}

function held(one: RecipientOutcome): RecipientOutcome {
  return { ...one, state: 'failed', error: { ...one.error!, reason: 'ambiguous' } };
}

function expired(one: RecipientOutcome): RecipientOutcome {
  return { ...one, state: 'bounced', error: { ...one.error, ...expiredError(one.error?.message ?? 'none') } };
}

/**
 * An outcome is written even if the store is away for a while: until then the job is kept, since giving it back would send the mail
 * again. A worker that shuts down, or whose lock is lost, still tries for some seconds.
 */
async function persist<T>(write: () => Promise<T>, signal: AbortSignal): Promise<T> {
  let last = 8;
  for (let wait = 50; ; wait = Math.min(wait * 2, 1000)) {
    try {
      return await write();
    } catch (error) {
      // Only an outage ends by itself.
      if (!(error instanceof QueueUnavailableError) && last-- === 0) throw error;
      if (signal.aborted && last-- <= 0) throw error;
    }
    await setTimeout(wait);
  }
}
