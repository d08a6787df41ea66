import { channel } from 'node:diagnostics_channel';
import { Logger } from '@nestjs/common';
import { type Observable, Subject } from 'rxjs';
import type { StreamPauses } from '../delivery/stream-pauses.interface.js';
import { type Duration, toMilliseconds } from '../duration.js';
import type { Count, CountStore } from '../events/count-store.interface.js';
import { dayOf } from '../events/daily-counts.js';
import { lastDays, type MailCounts } from '../events/mail-statistics.js';
import type { SharedStore } from '../shared-store.interface.js';
import { judgeStreams } from './judge-streams.js';
import { changesBetween, inWords, type ReputationChange, told } from './reputation-change.js';
import type { ReputationRules } from './reputation-options.js';
import {
  baselineOf,
  countsOf,
  isPaused,
  parseStandings,
  type Pause,
  pauseFrom,
  type Standings,
  type StandingsDocument,
  type StreamStanding,
  withStream,
} from './stream-standing.js';

/** What a stream's mails have come to, since it was last resumed. */
export interface StreamReputation extends Pick<
  MailCounts,
  'sent' | 'bounced' | 'complained' | 'bounceRate' | 'complaintRate'
> {
  stream: string;
  paused?: Omit<ReputationChange, 'stream' | 'state'>;
}

export interface MailReputationParts {
  counts: CountStore;
  shared: SharedStore;
  /** Without them, streams are paused by hand only. */
  rules?: ReputationRules;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/**
 * Watches the bounces and complaints of each stream, over all processes, and pauses one that is above the limits of the option `reputation`.
 * The mails of a paused stream wait in the queue and lose no attempt by it; those that are older than their `maxAge` bounce as `expired`.
 * `sendNow()` throws.
 *
 * It says so in the log, by {@link changes}, and on Node's diagnostics_channel `nestjs-mail-relay:reputation`.
 */
export class MailReputation implements StreamPauses {
  /** What this process has seen change, within some seconds. */
  readonly changes: Observable<ReputationChange>;
  readonly #subject = new Subject<ReputationChange>();
  readonly #parts: MailReputationParts;
  readonly #logger = new Logger('MailRelay');
  #standings: Standings = {};
  #readAt = -Infinity;
  #reading?: Promise<void>;
  #due = false;
  #watching?: NodeJS.Timeout;
  #closed = false;
  #lastTurn = 0;

  /** @internal */
  constructor(parts: MailReputationParts) {
    this.#parts = parts;
    this.changes = this.#subject.asObservable();
  }

  /** Of all streams that have sent something within the last 30 days, or are paused. */
  async streams(): Promise<StreamReputation[]> {
    await this.#read();
    const counts = await this.#parts.counts.read(lastDays(MOST_DAYS, this.#parts.now()));
    const names = new Set([...counts.map(({ stream }) => stream), ...Object.keys(this.#standings)]);
    return [...names].toSorted().map((stream) => this.#reputation(stream, counts));
  }

  /** Holds back the mails of a stream. @param options.for Default until it is resumed. */
  async pause(stream: string, options: { for?: Duration } = {}): Promise<void> {
    const at = this.#parts.now();
    const time = options.for === undefined ? Infinity : toMilliseconds(options.for, 'for');
    await this.#change((standings) =>
      withStream(standings, stream, { paused: pauseFrom(at, time, { why: 'manual' }) }),
    );
  }

  /** Lets them go. What was counted until now counts no more. `false` when the stream was not paused. */
  resume(stream: string): Promise<boolean> {
    return this.#resume(stream, () => true);
  }

  /** @internal */
  async heldUntil(stream: string): Promise<number | undefined> {
    const { now } = this.#parts;
    if (now() - this.#readAt > FRESH) this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    // Only the first time: nothing may go out for not having been read yet.
    if (this.#readAt === -Infinity) await this.#reading;
    const standing = this.#standings[stream];
    if (!standing || !isPaused(standing, now())) return undefined;
    // One after the other, so that many mails that wait do not keep the queue busy.
    this.#lastTurn = Math.max(now() + SHORTEST_HOLD, this.#lastTurn + TURN);
    return Math.max(this.#lastTurn, standing.paused?.until ?? 0);
  }

  /** After something was counted. Never throws. @internal */
  counted(): void {
    const { rules } = this.#parts;
    if (!rules || this.#due) return;
    this.#due = true;
    setTimeout(() => void this.#check(rules), CHECK).unref();
  }

  async #check(rules: ReputationRules): Promise<void> {
    // What is counted from now on is looked at again.
    this.#due = false;
    // A backend that is away is asked again after the next mails.
    await this.#judge(rules).catch(() => {});
  }

  async #judge(rules: ReputationRules): Promise<void> {
    const at = this.#parts.now();
    const counts = await this.#parts.counts.read(lastDays(rules.days, at));
    await this.#change((standings) => judgeStreams(standings, counts, rules, at));
  }

  /** @internal */
  close(): void {
    clearTimeout(this.#watching);
    this.#closed = true;
  }

  async #read(): Promise<void> {
    try {
      const { text } = await this.#parts.shared.read(KEY);
      const { at, streams } = parseStandings(text);
      this.#apply(streams);
      await this.#keep(at);
    } catch {
      // A backend that is away: what was known holds.
      this.#readAt = this.#parts.now();
    }
    this.#watch();
  }

  /** While a stream is paused, whether or not this process has mails of it. */
  #watch(): void {
    clearTimeout(this.#watching);
    if (this.#closed || !Object.values(this.#standings).some(({ paused }) => paused)) return;
    this.#watching = setTimeout(() => void this.#read(), WATCH).unref();
  }

  /** Ends pauses whose time is up, forgets what is too old to count, and writes the rest again before the store forgets it. */
  async #keep(writtenAt: number): Promise<void> {
    const now = this.#parts.now();
    const isOver = ({ until }: Pause): boolean => until !== undefined && until <= now;
    for (const [stream, { paused }] of Object.entries(this.#standings))
      if (paused && isOver(paused)) await this.#resume(stream, isOver);
    const isNeeded = ([, { paused, from }]: [string, StreamStanding]): boolean =>
      paused !== undefined || (from !== undefined && from.day >= lastDays(MOST_DAYS, now).at(-1)!);
    if (Object.keys(this.#standings).length > 0 && now - writtenAt > REPEAT)
      await this.#change((standings) => Object.fromEntries(Object.entries(standings).filter(isNeeded)));
  }

  /** @param pause whether it is the one to be ended: meanwhile somebody may have begun another */
  async #resume(stream: string, pause: (pause: Pause) => boolean): Promise<boolean> {
    const day = dayOf(this.#parts.now());
    const counts = await this.#parts.counts.read([day]);
    return this.#change((standings) => {
      const paused = standings[stream]?.paused;
      return paused && pause(paused)
        ? withStream(standings, stream, { from: baselineOf(counts, stream, day) })
        : undefined;
    });
  }

  /** Writes what `change` makes of the standings; `false` when that is nothing. */
  async #change(change: (standings: Standings) => Standings | undefined): Promise<boolean> {
    const { shared } = this.#parts;
    let { version, text } = await shared.read(KEY);
    for (;;) {
      const { streams: before } = parseStandings(text);
      const next = change(before);
      if (!next) return false;
      const document: StandingsDocument = { at: this.#parts.now(), streams: next };
      const swap = await shared.swap(KEY, version, JSON.stringify(document));
      if (swap.swapped) {
        this.#log(before, next);
        this.#apply(next);
        this.#watch();
        return true;
      }
      ({ version, text } = swap);
    }
  }

  #apply(next: Standings): void {
    const changes = changesBetween(this.#standings, next, this.#parts.now());
    const first = this.#readAt === -Infinity;
    this.#standings = next;
    this.#readAt = this.#parts.now();
    if (changes.some(({ state }) => state === 'resumed')) this.#lastTurn = 0;
    for (const change of changes) {
      if (first && change.state === 'resumed') continue;
      this.#subject.next(change);
      CHANNEL.publish(change);
    }
  }

  /** By the process that has changed it. */
  #log(before: Standings, next: Standings): void {
    for (const change of changesBetween(before, next, this.#parts.now()))
      this.#logger[change.state === 'paused' ? 'error' : 'log'](inWords(change));
  }

  #reputation(stream: string, counts: readonly Count[]): StreamReputation {
    const standing = this.#standings[stream] ?? {};
    const limits = this.#parts.rules?.of(stream);
    const days = lastDays(limits ? limits.days : 1, this.#parts.now());
    const { sent, bounced, complained, bounceRate, complaintRate } = countsOf(counts, stream, days, standing);
    const paused = isPaused(standing, this.#parts.now()) ? standing.paused : undefined;
    return { stream, sent, bounced, complained, bounceRate, complaintRate, ...(paused && { paused: told(paused) }) };
  }
}

const KEY = 'reputation';
const CHANNEL = channel('nestjs-mail-relay:reputation');

/** As long as the limits may look back. */
const MOST_DAYS = 30;
/** Milliseconds. */
const FRESH = 2_000;
const WATCH = 3_000;
const CHECK = 1_000;
const REPEAT = 86_400_000;
const SHORTEST_HOLD = 2_000;
const TURN = 5;
