import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { createMessage, forRecipients, storedAttachments } from '../compose/create-message.js';
import { decodeValue } from '../mail/snapshot-value.js';
import type { MailBody, MailSnapshot } from '../mail/mail-snapshot.interface.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import { MailError } from '../errors/mail.error.js';
import { QueueUnavailableError } from '../errors/queue-unavailable.error.js';
import { attempt, type AttemptResult, type MailInterceptor, storedError, toMailError } from './attempt.js';
import type { AttemptLog } from './attempt-log.js';
import { Claim } from './claim.js';
import type { JobOutcome, MailJob } from './mail-job.interface.js';
import type {
  OutcomeChange,
  MailRecord,
  OutcomeStore,
  RecipientOutcome,
  RecipientState,
  StoredError,
} from './outcome-store.interface.js';
import { nextAttempt } from './retry-schedule.js';
import type { TransportSet } from './transport-set.js';
import type { MailWords } from './mail-words.js';

export interface DeliveryParts {
  store: OutcomeStore;
  transports: TransportSet;
  words: MailWords;
  interceptors: readonly MailInterceptor[];
  log: AttemptLog;
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

/** Takes one mail from the queue through one attempt, and says what becomes of it. */
export class Delivery {
  readonly #parts: DeliveryParts;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  async handle(job: MailJob): Promise<JobOutcome> {
    const { store } = this.#parts;
    const mail = new MailInHand(job, job.first ? null : await store.load(job.snapshot.id));
    if (mail.pending.length === 0) return mail.conclusion();
    if (mail.record?.cancelled) return this.#end(mail, 'cancelled');
    const crash = this.#crashed(mail);
    if (crash) return this.#end(mail, 'failed', crash);
    const { snapshot } = job;
    const transport = this.#parts.transports.pick(snapshot.transport);
    if (!transport)
      return this.#waitForOther(
        mail,
        `the transport ${snapshot.transport} is not configured in this process`,
        'unknown-transport',
      );
    const message = await this.#message(mail);
    if ('type' in message) return message;
    const claim = new Claim(job, store, this.#parts.now);
    const context = {
      signal: job.signal,
      attempt: (mail.record?.attempts.length ?? 0) + 1,
      idempotencyKey: idempotencyKey(snapshot, mail.pending),
      confirm: () => claim.confirm(),
    };
    const result = await attempt(
      forRecipients(message, mail.pending),
      transport,
      context,
      this.#parts.interceptors,
      this.#parts.now(),
    );
    if (result.error) {
      if (claim.cancelled) return this.#end(mail, 'cancelled');
      if (claim.lost) return { type: 'lost' };
      // Nothing was sent, since the outcome could not have been kept.
      if (claim.unwritable) return { type: 'later', at: this.#parts.now() + UNWRITABLE_WAIT * Math.random() };
      if (job.signal.aborted && !result.error.ambiguous) return { type: 'release' };
    }
    return this.#conclude(mail, result);
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

  /** The rendered message, or what becomes of a mail that could not be rendered. */
  async #message(mail: MailInHand): Promise<MailMessage | JobOutcome> {
    const { snapshot, signal } = mail.job;
    const body = decodeValue(snapshot.body) as MailBody;
    try {
      const words = await this.#parts.words.of(snapshot, body, mail.record?.content, signal);
      if (words.type === 'unknown')
        return this.#waitForOther(mail, `no mail class ${snapshot.mail} is known in this process`, 'unknown-mail');
      if (words.type === 'none') return this.#end(mail, 'cancelled');
      if (words.content !== undefined) await this.#save(mail, { content: words.content });
      return createMessage(snapshot, body, storedAttachments(snapshot.attachments), words.rendered);
    } catch (thrown) {
      const error = renderError(thrown);
      if (error.permanent) return this.#end(mail, 'failed', storedError(error));
      if (signal.aborted) return { type: 'release' };
      return this.#conclude(mail, renderFailure(mail, error, this.#parts.now()));
    }
  }

  /** Writes down what an attempt came to, then decides: done, later, or dead. */
  async #conclude(mail: MailInHand, result: AttemptResult): Promise<JobOutcome> {
    const { snapshot } = mail.job;
    const now = this.#parts.now();
    const deferrals = mail.record?.deferrals ?? 0;
    let outcome: JobOutcome | undefined;
    let recipients = result.record.recipients;
    if (result.error?.ambiguous && this.#parts.onAmbiguous === 'hold') {
      recipients = recipients.map((one) => ({
        ...one,
        state: 'failed' as const,
        error: { ...one.error!, reason: 'ambiguous' },
      }));
    } else if (recipients.some(({ state }) => state === 'deferred')) {
      const at = nextAttempt(snapshot.retry, {
        now,
        since: mail.since,
        deferrals,
        retryAfter: result.retryAfter,
      });
      if (at === 'expired') recipients = recipients.map((one) => (one.state === 'deferred' ? expired(one) : one));
      else outcome = { type: 'later', at };
    }
    const record = { ...result.record, recipients };
    await this.#save(mail, {
      recipients,
      attempt: record,
      stallBaseline: mail.job.stalls,
      ...(outcome && { deferrals: deferrals + 1 }),
    });
    this.#parts.log.attempted(snapshot, record, outcome?.type === 'later' ? outcome.at : undefined);
    return outcome ?? mail.conclusion(recipients);
  }

  /** Ends all that is still open, without an attempt. */
  async #end(mail: MailInHand, state: RecipientState, error?: StoredError): Promise<JobOutcome> {
    const at = this.#parts.now();
    const recipients = mail.pending.map((address): RecipientOutcome => ({
      address,
      state,
      at,
      ...(error && { error }),
    }));
    await this.#save(mail, { recipients, stallBaseline: mail.job.stalls });
    this.#parts.log.ended(mail.job.snapshot, state, recipients, error);
    return mail.conclusion(recipients);
  }

  /** A rolling deployment: another worker may know. Nothing is counted, until the mail is too old to wait. */
  async #waitForOther(mail: MailInHand, why: string, reason: string): Promise<JobOutcome> {
    const now = this.#parts.now();
    if (now >= mail.since + mail.job.snapshot.retry.maxAge)
      return this.#end(mail, 'failed', { message: why, scope: 'message', reason });
    this.#parts.log.waiting(mail.job.snapshot, why);
    return { type: 'later', at: now + UNKNOWN_WAIT * (0.5 + Math.random() / 2) };
  }

  #save(mail: MailInHand, change: Omit<OutcomeChange, 'messageId' | 'mail'>): Promise<void> {
    const { id, messageId, mail: name } = mail.job.snapshot;
    return persist(
      () => this.#parts.store.save(id, { messageId, ...(name !== undefined && { mail: name }), ...change }),
      mail.job.signal,
    );
  }
}

/** A job with what the store knows of it. */
class MailInHand {
  /** Recipients that still wait for an outcome. */
  readonly pending: readonly string[];

  constructor(
    readonly job: MailJob,
    readonly record: MailRecord | null,
  ) {
    const ended = new Set(record?.recipients.filter(({ state }) => !OPEN.has(state)).map(({ address }) => address));
    this.pending = job.snapshot.envelope.to.filter((address) => !ended.has(address));
  }

  /** From when its age counts, in milliseconds since the epoch. */
  get since(): number {
    return this.record?.reopenedAt ?? this.job.snapshot.notBefore;
  }

  /** Jobs of mails that somebody did not get are kept, for `retry()`. */
  conclusion(latest: readonly RecipientOutcome[] = []): JobOutcome {
    const now = new Set(latest.map(({ address }) => address));
    const all = [...latest, ...(this.record?.recipients ?? []).filter(({ address }) => !now.has(address))];
    const missed = all.find(({ state }) => state === 'bounced' || state === 'failed');
    return missed ? { type: 'dead', reason: missed.error?.message ?? missed.state } : { type: 'done' };
  }
}

const OPEN: ReadonlySet<RecipientState> = new Set(['scheduled', 'queued', 'sending', 'deferred']);

function expired(one: RecipientOutcome): RecipientOutcome {
  const message = `Not delivered within the mail's maxAge. Last answer: ${one.error?.message ?? 'none'}`;
  return { ...one, state: 'bounced', error: { ...one.error, message, reason: 'expired' } };
}

/** What `render()` throws is transient, unless it says otherwise; a template's error is permanent by its class. */
function renderError(thrown: unknown): MailError {
  if (thrown instanceof MailError) return thrown;
  const error = toMailError(thrown);
  return new MailError(`render() threw: ${error.message}`, { scope: 'message', reason: 'render', cause: thrown });
}

function renderFailure(mail: MailInHand, error: MailError, at: number): AttemptResult {
  const stored = storedError(error);
  const recipients = mail.pending.map((address): RecipientOutcome => ({
    address,
    state: 'deferred',
    at,
    error: stored,
  }));
  return { record: { transport: '', at, outcome: 'not rendered', error: stored, recipients }, error };
}

/** The same for each attempt to the same recipients: once some have got the mail, it is another request to the provider. */
function idempotencyKey({ id, envelope }: MailSnapshot, pending: readonly string[]): string {
  return pending.length === envelope.to.length
    ? id
    : `${id}-${createHash('sha256').update(pending.join('\n')).digest('hex').slice(0, 16)}`;
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
