import { setTimeout } from 'node:timers/promises';
import { createMessage, headOf, storedAttachments } from '../compose/create-message.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import { MailError } from '../errors/mail.error.js';
import { QueueUnavailableError } from '../errors/queue-unavailable.error.js';
import { type AttemptResult, storedError, toMailError } from './attempt.js';
import type { AttemptLog } from './attempt-log.js';
import { Claim } from './claim.js';
import type { DispatchEnd, Dispatcher, DispatchOrder } from './dispatcher.js';
import type { Turn } from './flow/transport-state.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import type { JobOutcome, MailJob } from './mail-job.interface.js';
import { MailInHand } from './mail-in-hand.js';
import type {
  OutcomeChange,
  OutcomeStore,
  RecipientOutcome,
  RecipientState,
  StoredError,
} from './outcome-store.interface.js';
import type { OutcomeReporter } from './outcome-reporter.interface.js';
import type { SuppressionGate } from '../suppression/suppression-gate.js';
import { scopeOf, suppressedOutcome } from './suppressed-outcome.js';
import type { StreamPauses } from './stream-pauses.interface.js';
import { nextAttempt } from './retry-schedule.js';
import type { Leg, Router } from './route/router.js';
import type { MailWords } from './mail-words.js';
import type { MessageCopy, MessageTracker } from './message-tracker.interface.js';

/** Keeps sent mails, where they are kept. */
export interface SentContents {
  /** Nobody waits for it, and it never throws. */
  keep(message: MailMessage): void;
}

export interface DeliveryParts {
  store: OutcomeStore;
  router: Router;
  dispatcher: Dispatcher;
  words: MailWords;
  log: AttemptLog;
  reporter: OutcomeReporter;
  gate: SuppressionGate;
  pauses: StreamPauses;
  tracker: MessageTracker;
  contents: SentContents;
  /** What to do when nobody knows whether the provider took the mail. */
  onAmbiguous: 'retry' | 'hold';
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** A job that crashes its worker, or is abandoned, this often in a row is a dead letter. */
export const MAX_STALLS = 2;

/** How long a mail waits for a worker that knows its class or its transport, in milliseconds. */
const UNKNOWN_WAIT = 15_000;

/** How long a mail waits at most when the store refuses to be written to, in milliseconds. */
const UNWRITABLE_WAIT = 2_000;

/** Mails that wait for a transport do not all come back in the same moment. Milliseconds. */
const SPREAD = 1_000;

/** Takes one mail from the queue to its transports, and says what becomes of it. */
export class Delivery {
  readonly #parts: DeliveryParts;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  async handle(job: MailJob): Promise<JobOutcome> {
    const { store } = this.#parts;
    const mail = new MailInHand(job, job.first ? null : await store.load(job.snapshot.id));
    for (const { outcomes, transport } of mail.untold) await this.#tell(mail, outcomes, transport);
    const outcome = await this.#deliver(mail);
    if (outcome.type === 'later') await this.#tellThatItWaits(mail);
    return outcome;
  }

  async #deliver(mail: MailInHand): Promise<JobOutcome> {
    const { job } = mail;
    if (mail.pending.length === 0) return mail.conclusion();
    if (mail.record?.cancelled) return this.#end(mail, 'cancelled');
    const crash = this.#crashed(mail);
    if (crash) return this.#end(mail, 'failed', crash);
    const paused = await this.#paused(mail);
    if (paused) return paused;
    await this.#holdBack(mail);
    if (mail.pending.length === 0) return mail.conclusion();
    const message = await this.#message(mail);
    if ('type' in message) return message;
    const legs = await this.#legs(mail, message);
    if ('type' in legs) return legs;
    const claim = new Claim(job, this.#parts.store, this.#parts.now);
    for (const leg of mail.pinned(legs)) {
      const ended = await this.#goThrough(leg, mail, message, claim);
      if (ended) return ended;
    }
    return mail.conclusion();
  }

  /** Whoever gave the mail may want to know. */
  async #tellThatItWaits(mail: MailInHand): Promise<void> {
    const { facts, since, deadline, job } = mail;
    if (!facts.about.notify) return;
    await persist(() => this.#parts.reporter.waits(facts, mail.waiting, since, deadline), job.signal);
  }

  /** What the stalls since the last finished attempt say: a mail that takes its worker down must not do so for ever. */
  #crashed({ job, record }: MailInHand): StoredError | undefined {
    const stalls = job.stalls - (record?.stallBaseline ?? 0);
    if (
      this.#parts.onAmbiguous === 'hold' &&
      record?.sendingSince !== undefined &&
      job.stalls > (record.sendingStalls ?? 0)
    ) {
      return {
        message: 'The worker was lost while it was sending; the provider may have the mail',
        scope: 'transport',
        ambiguous: true,
        reason: 'ambiguous',
      };
    }
    if (stalls < MAX_STALLS) return undefined;
    return {
      message: `The worker was lost ${stalls} times with this mail in hand`,
      scope: 'message',
      reason: 'stalled',
    };
  }

  /** A stream that waits costs its mails nothing but time. */
  async #paused(mail: MailInHand): Promise<JobOutcome | undefined> {
    const { snapshot } = mail.job;
    const at = await this.#parts.pauses.heldUntil(snapshot.stream);
    if (at === undefined) return undefined;
    const why = `the stream ${snapshot.stream} is paused`;
    if (this.#parts.now() >= mail.deadline) return this.#end(mail, 'bounced', expiredError(why));
    this.#parts.log.waiting(snapshot, why);
    return { type: 'later', at: Math.min(at, mail.deadline) };
  }

  /** Ends those who are on the suppression list, or were when the mail was queued. */
  async #holdBack(mail: MailInHand): Promise<void> {
    const { snapshot } = mail.job;
    const { pending } = mail;
    const found = await this.#parts.gate.check(pending, scopeOf(snapshot));
    const reasons = new Map([...found].map(([address, { reason }]) => [address, reason]));
    for (const { address, reason } of snapshot.suppressed ?? [])
      if (mail.record?.reopenedAt === undefined && pending.includes(address)) reasons.set(address, reason);
    if (reasons.size === 0) return;
    const at = this.#parts.now();
    const recipients = [...reasons].map(([address, reason]) => suppressedOutcome(address, reason, at));
    await this.#endWith(mail, 'suppressed', recipients, recipients[0]!.error);
  }

  /** The rendered message, or what becomes of a mail that could not be rendered. */
  async #message(mail: MailInHand): Promise<MailMessage | JobOutcome> {
    const { snapshot, signal } = mail.job;
    try {
      const { body } = mail;
      const words = await this.#parts.words.of(snapshot, body, mail.record?.content, signal);
      if (words.type === 'unknown') {
        const why = `no mail class ${snapshot.mail} is known in this process`;
        await this.#waitForOther(mail, mail.pending, why, 'unknown-mail');
        return mail.conclusion();
      }
      if (words.type === 'none') return this.#end(mail, 'cancelled');
      if (words.content !== undefined) await this.#save(mail, { content: words.content });
      const message = createMessage(snapshot, body, storedAttachments(snapshot.attachments), words.rendered);
      mail.head = headOf(message);
      return message;
    } catch (thrown) {
      const error = renderError(thrown);
      if (error.permanent) return this.#end(mail, 'failed', storedError(error));
      if (signal.aborted) return { type: 'release' };
      return this.#putOff(mail, 'not rendered', error);
    }
  }

  /** Where the mail may go, or what becomes of one that nobody can say it of. */
  async #legs(mail: MailInHand, message: MailMessage): Promise<Leg[] | JobOutcome> {
    const { transport } = mail.job.snapshot;
    if (transport !== undefined) return [{ candidates: [transport], to: mail.pending }];
    try {
      return this.#parts.router.legs(message, mail.pending);
    } catch (thrown) {
      // The application's own function, which may do better next time.
      return this.#putOff(mail, 'no route', toMailError(thrown));
    }
  }

  /** Tries the transports of a leg; gives an outcome where that ends the job. */
  async #goThrough(leg: Leg, mail: MailInHand, message: MailMessage, claim: Claim): Promise<JobOutcome | undefined> {
    const { job } = mail;
    if (leg.candidates.length === 0) {
      const error = { message: 'No route fits this recipient', scope: 'recipient', reason: 'no-route' } as const;
      await this.#endSome(mail, leg.to, 'failed', error);
      return undefined;
    }
    const copies = this.#parts.tracker.copies(message, job.snapshot, leg.to);
    for (const [index, copy] of copies.entries()) {
      if (index > 0 && job.signal.aborted) return { type: 'release' };
      const { ended, end } = await this.#dispatch(copy, message, leg, mail, claim);
      if (ended) return ended;
      if (end.left.length === 0) continue;
      // Whoever comes behind would find the same.
      const behind = copies.slice(index + 1).flatMap(({ to }) => to);
      await this.#waitFor(mail, leg, { ...end, left: [...end.left, ...behind] });
      break;
    }
    return undefined;
  }

  /** @param original without what tracking puts in: who looks at a mail that is kept does not open it in the name of its recipient */
  async #dispatch(
    { message, to }: MessageCopy,
    original: MailMessage,
    { candidates }: Leg,
    mail: MailInHand,
    claim: Claim,
  ): Promise<{ ended: JobOutcome | undefined; end: DispatchEnd }> {
    const { job } = mail;
    let ended: JobOutcome | undefined;
    const order: DispatchOrder = {
      message,
      leg: { candidates, to },
      turn: turnOf(job),
      context: (transport) => ({
        signal: job.signal,
        attempt: (mail.record?.attempts.length ?? 0) + 1,
        idempotencyKey: idempotencyKeyOf(job.snapshot.id, job.snapshot.envelope.to, to),
        confirm: () => claim.confirm(transport),
      }),
      settled: (recipients, transport) => this.#settleSome(mail, recipients, transport),
      settle: async (result, trouble) => {
        ended = result.error && (await this.#givenUp(mail, claim, result.error));
        // Now its size may be known.
        mail.head = headOf(message);
        if (!ended) await this.#settle(mail, result, trouble);
        claim.used();
        if (!ended && result.record.recipients.some(isSent)) this.#keep(mail, original);
        return !ended;
      },
    };
    const end = await this.#parts.dispatcher.dispatch(order);
    return { ended, end };
  }

  /** Once, however many copies of it there are. */
  #keep(mail: MailInHand, message: MailMessage): void {
    if (!mail.kept) this.#parts.contents.keep(message);
    mail.kept = true;
  }

  /** What ended an attempt before its transport had a say. */
  async #givenUp(mail: MailInHand, claim: Claim, error: MailError): Promise<JobOutcome | undefined> {
    if (claim.cancelled) return this.#end(mail, 'cancelled');
    if (claim.lost) return { type: 'lost' };
    // Nothing was sent, since the outcome could not have been kept.
    if (claim.unwritable) return { type: 'later', at: this.#parts.now() + UNWRITABLE_WAIT * Math.random() };
    return mail.job.signal.aborted && !error.ambiguous ? { type: 'release' } : undefined;
  }

  /** Writes down what an attempt has come to for some, while it goes on for others. */
  async #settleSome(mail: MailInHand, recipients: readonly RecipientOutcome[], transport: string): Promise<void> {
    mail.note(recipients);
    await this.#save(mail, { recipients });
    await this.#tell(mail, recipients, transport, this.#parts.now() - mail.since);
    mail.told(recipients);
  }

  /** Writes down what an attempt came to. Those it was put off for are tried again later; those with trouble may go elsewhere. */
  async #settle(mail: MailInHand, result: AttemptResult, trouble: readonly string[]): Promise<void> {
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
      at = nextAttempt(job.snapshot.retry, { now: this.#parts.now(), since, deferrals, retryAfter: result.retryAfter });
      if (at === 'expired')
        recipients = recipients.map((one) =>
          one.state === 'deferred' && !trouble.includes(one.address) ? expired(one) : one,
        );
      else mail.tryAgain(at);
    }
    const record = { ...result.record, recipients, took: Math.max(0, answeredAt - result.record.at) };
    mail.note(recipients);
    await this.#save(mail, {
      recipients,
      attempt: record,
      stallBaseline: job.stalls,
      ...(typeof at === 'number' && { deferrals: mail.deferrals + 1 }),
    });
    this.#parts.log.attempted(job.snapshot, record, typeof at === 'number' ? at : undefined);
    await this.#tell(mail, mail.untoldOf(recipients), transport, answeredAt - mail.since);
  }

  /** Those who still wait for a transport: it costs the mail nothing but time. */
  async #waitFor(mail: MailInHand, leg: Leg, { left, wait, type, passed }: DispatchEnd): Promise<void> {
    if (left.length === 0) return;
    const now = this.#parts.now();
    const why = passed.map((one) => `${one.transport}: ${one.why}`).join('; ');
    if (type === 'unknown') {
      const names = leg.candidates.join(', ');
      return this.#waitForOther(
        mail,
        left,
        `the transport ${names} is not configured in this process`,
        'unknown-transport',
      );
    }
    // Everybody has his turn once, however long the line.
    if (type === 'busy') {
      mail.tryAgain(now + wait);
      return;
    }
    if (now >= mail.deadline) {
      await this.#endSome(mail, left, 'bounced', expiredError(why));
      return;
    }
    const { retry } = mail.job.snapshot;
    const pause = wait > 0 ? wait + Math.random() * Math.max(SPREAD, wait / 4) : Math.random() * retry.delay;
    mail.tryAgain(Math.min(mail.deadline, now + Math.max(1, Math.ceil(pause))));
    this.#parts.log.waiting(mail.job.snapshot, why);
  }

  /** An attempt that did not even come to a transport. */
  async #putOff(mail: MailInHand, outcome: string, error: MailError): Promise<JobOutcome> {
    const stored = storedError(error);
    const at = this.#parts.now();
    const recipients = mail.pending.map((address): RecipientOutcome => ({
      address,
      state: 'deferred',
      at,
      error: stored,
    }));
    await this.#settle(mail, { record: { transport: '', at, outcome, error: stored, recipients }, error }, []);
    return mail.conclusion();
  }

  /** Ends all that is still open, without an attempt. */
  async #end(mail: MailInHand, state: RecipientState, error?: StoredError): Promise<JobOutcome> {
    await this.#endSome(mail, mail.pending, state, error);
    return mail.conclusion();
  }

  async #endSome(
    mail: MailInHand,
    addresses: readonly string[],
    state: RecipientState,
    error?: StoredError,
  ): Promise<void> {
    const at = this.#parts.now();
    const recipients = addresses.map((address): RecipientOutcome => ({ address, state, at, ...(error && { error }) }));
    await this.#endWith(mail, state, recipients, error);
  }

  async #endWith(
    mail: MailInHand,
    state: RecipientState,
    recipients: readonly RecipientOutcome[],
    error?: StoredError,
  ): Promise<void> {
    mail.note(recipients);
    await this.#save(mail, { recipients, stallBaseline: mail.job.stalls });
    this.#parts.log.ended(mail.job.snapshot, state, recipients, error);
    await this.#tell(mail, recipients);
  }

  /** A rolling deployment: another worker may know. Nothing is counted, until the mail is too old to wait. */
  async #waitForOther(mail: MailInHand, who: readonly string[], why: string, reason: string): Promise<void> {
    const now = this.#parts.now();
    if (now >= mail.deadline) return this.#endSome(mail, who, 'failed', { message: why, scope: 'message', reason });
    this.#parts.log.waiting(mail.job.snapshot, why);
    mail.tryAgain(now + UNKNOWN_WAIT * (0.5 + Math.random() / 2));
  }

  /** Once it is saved: what is told has happened. */
  #tell(mail: MailInHand, outcomes: readonly RecipientOutcome[], transport?: string, took?: number): Promise<void> {
    return persist(() => this.#parts.reporter.report(mail.facts, outcomes, transport, took), mail.job.signal);
  }

  #save(mail: MailInHand, change: Omit<OutcomeChange, 'messageId' | 'mail' | 'about'>): Promise<void> {
    const { id, ...head } = mail.facts;
    return persist(() => this.#parts.store.save(id, { ...head, ...change }), mail.job.signal);
  }
}

function isSent({ state }: RecipientOutcome): boolean {
  return state === 'sent';
}

function turnOf({ snapshot, first }: MailJob): Turn {
  if (snapshot.priority === 'high') return 'high';
  return first ? 'first' : 'again';
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

function expiredError(last: string): StoredError {
  return { message: `Not delivered within the mail's maxAge. Last answer: ${last}`, reason: 'expired' };
}

/** What `render()` throws is transient, unless it says otherwise; a template's error is permanent by its class. */
function renderError(thrown: unknown): MailError {
  if (thrown instanceof MailError) return thrown;
  const error = toMailError(thrown);
  return new MailError(`render() threw: ${error.message}`, { scope: 'message', reason: 'render', cause: thrown });
}

/**
 * An outcome is written even if the store is away for a while: until then the job is kept, since giving it back would send the mail
 * again. A worker that shuts down, or whose lock is lost, still tries for some seconds.
 */
async function persist(write: () => Promise<void>, signal: AbortSignal): Promise<void> {
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
