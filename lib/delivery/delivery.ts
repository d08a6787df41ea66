import { createMessage, storedAttachments } from '../compose/create-message.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import { MailError } from '../errors/mail.error.js';
import { storedError, toMailError } from './attempt.js';
import { Claim } from './claim.js';
import type { DispatchEnd, Dispatcher, DispatchOrder } from './dispatcher.js';
import type { Turn } from './flow/transport-state.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import type { JobOutcome, MailJob } from './mail-job.interface.js';
import { MailInHand } from './mail-in-hand.js';
import { expiredError, MailLedger, type MailLedgerParts } from './mail-ledger.js';
import type { RecipientOutcome, RecipientState, StoredError } from './outcome-store.interface.js';
import type { SuppressionGate } from '../suppression/suppression-gate.js';
import { scopeOf, suppressedOutcome } from './suppressed-outcome.js';
import { unrenderedHead } from '../mail/unrendered-head.js';
import type { StreamPauses } from './stream-pauses.interface.js';
import type { Leg, Router } from './route/router.js';
import type { MailWords } from './mail-words.js';
import type { MessageCopy, MessageTracker } from './message-tracker.interface.js';

/** Keeps sent mails, where they are kept. */
export interface SentContents {
  /** Nobody waits for it, and it never throws. */
  keep(message: MailMessage): void;
}

export interface DeliveryParts extends MailLedgerParts {
  router: Router;
  dispatcher: Dispatcher;
  words: MailWords;
  gate: SuppressionGate;
  pauses: StreamPauses;
  tracker: MessageTracker;
  contents: SentContents;
  /** Whether what lists show of a mail is written down with it. */
  isListed: boolean;
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
  readonly #ledger: MailLedger;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.#ledger = new MailLedger(parts);
  }

  async handle(job: MailJob): Promise<JobOutcome> {
    const { store } = this.#parts;
    const mail = new MailInHand(job, job.first ? null : await store.load(job.snapshot.id));
    for (const { outcomes, transport } of mail.untold) await this.#ledger.tell(mail, outcomes, transport);
    const outcome = await this.#deliver(mail);
    if (outcome.type === 'later') await this.#ledger.waits(mail);
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
    if (this.#parts.isListed && reasons.size === pending.length) mail.head = unrenderedHead(snapshot, mail.body);
    const at = this.#parts.now();
    const recipients = [...reasons].map(([address, reason]) => suppressedOutcome(address, reason, at));
    await this.#ledger.endWith(mail, 'suppressed', recipients, recipients[0]!.error);
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
      if (words.content !== undefined) await this.#ledger.save(mail, { content: words.content });
      const message = createMessage(snapshot, body, storedAttachments(snapshot.attachments), words.rendered);
      if (this.#parts.isListed) mail.message = message;
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
      await this.#ledger.end(mail, leg.to, 'failed', error);
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
      settled: (recipients, transport) => this.#ledger.settleSome(mail, recipients, transport),
      settle: async (result, trouble) => {
        ended = result.error && (await this.#givenUp(mail, claim, result.error));
        if (!ended) await this.#ledger.settle(mail, result, trouble);
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
      await this.#ledger.end(mail, left, 'bounced', expiredError(why));
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
    await this.#ledger.settle(mail, { record: { transport: '', at, outcome, error: stored, recipients }, error }, []);
    return mail.conclusion();
  }

  /** Ends all that is still open, without an attempt. */
  async #end(mail: MailInHand, state: RecipientState, error?: StoredError): Promise<JobOutcome> {
    await this.#ledger.end(mail, mail.pending, state, error);
    return mail.conclusion();
  }

  /** A rolling deployment: another worker may know. Nothing is counted, until the mail is too old to wait. */
  async #waitForOther(mail: MailInHand, who: readonly string[], why: string, reason: string): Promise<void> {
    const now = this.#parts.now();
    if (now >= mail.deadline) return this.#ledger.end(mail, who, 'failed', { message: why, scope: 'message', reason });
    this.#parts.log.waiting(mail.job.snapshot, why);
    mail.tryAgain(now + UNKNOWN_WAIT * (0.5 + Math.random() / 2));
  }
}

function isSent({ state }: RecipientOutcome): boolean {
  return state === 'sent';
}

function turnOf({ snapshot, first }: MailJob): Turn {
  if (snapshot.priority === 'high') return 'high';
  return first ? 'first' : 'again';
}

/** What `render()` throws is transient, unless it says otherwise; a template's error is permanent by its class. */
function renderError(thrown: unknown): MailError {
  if (thrown instanceof MailError) return thrown;
  const error = toMailError(thrown);
  return new MailError(`render() threw: ${error.message}`, { scope: 'message', reason: 'render', cause: thrown });
}
