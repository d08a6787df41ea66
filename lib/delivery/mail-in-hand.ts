import { headOf } from '../compose/create-message.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import type { MailBody } from '../mail/mail-snapshot.interface.js';
import { decodeValue } from '../mail/snapshot-value.js';
import type { MailFacts } from './outcome-events.js';
import type { WaitingRecipient } from './outcome-reporter.interface.js';
import type { Leg } from './route/router.js';
import type { JobOutcome, MailJob } from './mail-job.interface.js';
import {
  aboutOf,
  type MailAbout,
  type MailHead,
  type MailRecord,
  type RecipientOutcome,
  type RecipientState,
} from './outcome-store.interface.js';

/** A job with what the store knows of it, and what has come of it since. */
export class MailInHand {
  /** Once it is rendered, where lists show it. */
  message?: MailMessage;
  /** Where it is not going to be, and lists show it. */
  head?: MailHead;
  /** In the history, where the store has given it one. */
  place?: number;
  /** Its content is on its way to where sent mails are kept. */
  kept = false;
  readonly #latest = new Map<string, RecipientOutcome>();
  readonly #told = new Set<string>();
  #body?: MailBody;
  #about?: MailAbout;
  /** When to try again, in milliseconds since the epoch; the earliest of what was said. */
  #again?: number;

  constructor(
    readonly job: MailJob,
    readonly record: MailRecord | null,
  ) {
    for (const outcome of record?.recipients ?? []) this.#latest.set(outcome.address, outcome);
  }

  /** Recipients that still wait for an outcome. */
  get pending(): string[] {
    return this.job.snapshot.envelope.to.filter((address) => {
      const state = this.#latest.get(address)?.state;
      return state === undefined || OPEN.has(state);
    });
  }

  /** The same, with the last that is known of why. */
  get waiting(): WaitingRecipient[] {
    return this.pending.map((address) => this.#latest.get(address) ?? { address });
  }

  get body(): MailBody {
    return (this.#body ??= decodeValue(this.job.snapshot.body) as MailBody);
  }

  /** What its events say of it. */
  get facts(): MailFacts & { about: MailAbout } {
    const { id, messageId, mail } = this.job.snapshot;
    const { message, place } = this;
    const about = (this.#about ??= this.record?.about ?? aboutOf(this.job.snapshot, this.body));
    const head = message ? headOf(message) : this.head;
    return {
      id,
      messageId,
      ...(mail !== undefined && { mail }),
      about,
      ...(head && { head }),
      ...(place !== undefined && { place }),
    };
  }

  /** Its worker was lost after it had saved an outcome, and before it had told anybody. */
  get untold(): { outcomes: readonly RecipientOutcome[]; transport: string }[] {
    const { record, job } = this;
    if (!record || job.stalls <= record.stallBaseline) return [];
    const last = record.attempts.slice(-1).map(({ recipients, transport }) => ({ outcomes: recipients, transport }));
    const { sendingBy: transport, attempts, recipients } = record;
    if (transport === undefined) return last;
    // What an attempt had settled that never ended.
    const known = new Set(attempts.flatMap((one) => one.recipients.map(({ address, at }) => `${at} ${address}`)));
    const outcomes = recipients.filter(
      ({ state, address, at }) => SETTLED.has(state) && !known.has(`${at} ${address}`),
    );
    return outcomes.length === 0 ? last : [...last, { outcomes, transport }];
  }

  /** From when its age counts, in milliseconds since the epoch. */
  get since(): number {
    return this.record?.reopenedAt ?? this.job.snapshot.notBefore;
  }

  /** When it is too old to be tried again. */
  get deadline(): number {
    return this.since + this.job.snapshot.retry.maxAge;
  }

  /** How often the mail was deferred for its own sake. */
  get deferrals(): number {
    return this.record?.deferrals ?? 0;
  }

  get again(): number | undefined {
    return this.#again;
  }

  /** A recipient that an earlier attempt may have reached stays with that attempt's transport. */
  pinned(legs: readonly Leg[]): Leg[] {
    const pinned = new Map<string, string[]>();
    const free = legs.flatMap(({ candidates, to }): Leg[] => {
      const rest = to.filter((address) => {
        const transport = this.pinOf(address, candidates);
        if (transport !== undefined) pinned.set(transport, [...(pinned.get(transport) ?? []), address]);
        return transport === undefined;
      });
      return rest.length > 0 ? [{ candidates, to: rest }] : [];
    });
    return [...[...pinned].map(([transport, to]) => ({ candidates: [transport], to })), ...free];
  }

  /**
   * The transport that may have handed the recipient's mail over already: its answer was lost, or its worker.
   *
   * @param candidates those that may be the one whose worker was lost
   */
  pinOf(address: string, candidates: readonly string[]): string | undefined {
    const pinned = this.#latest.get(address)?.pinned;
    if (pinned !== undefined) return pinned;
    const { sendingSince, sendingBy, sendingStalls = 0 } = this.record ?? {};
    const crashed = sendingSince !== undefined && this.job.stalls > sendingStalls;
    return crashed && sendingBy !== undefined && candidates.includes(sendingBy) ? sendingBy : undefined;
  }

  note(outcomes: readonly RecipientOutcome[]): void {
    for (const outcome of outcomes) this.#latest.set(outcome.address, outcome);
  }

  /** Whoever wants to know has been told of these, though their attempt goes on. */
  told(outcomes: readonly RecipientOutcome[]): void {
    for (const { address, at } of outcomes) this.#told.add(`${at} ${address}`);
  }

  untoldOf(outcomes: readonly RecipientOutcome[]): readonly RecipientOutcome[] {
    return this.#told.size === 0 ? outcomes : outcomes.filter(({ address, at }) => !this.#told.has(`${at} ${address}`));
  }

  tryAgain(at: number): void {
    this.#again = Math.min(at, this.#again ?? Infinity);
  }

  /** Jobs of mails that somebody did not get are kept, for `retry()`. */
  conclusion(): JobOutcome {
    if (this.#again !== undefined) return { type: 'later', at: this.#again };
    const missed = [...this.#latest.values()].find(({ state }) => state === 'bounced' || state === 'failed');
    return missed ? { type: 'dead', reason: missed.error?.message ?? missed.state } : { type: 'done' };
  }
}

const SETTLED: ReadonlySet<RecipientState> = new Set(['sent', 'bounced']);

const OPEN: ReadonlySet<RecipientState> = new Set(['scheduled', 'queued', 'sending', 'deferred']);
