import { channel } from 'node:diagnostics_channel';
import { Logger } from '@nestjs/common';
import { type Observable, Subject } from 'rxjs';
import type { StreamPauses } from '../delivery/stream-pauses.interface.js';
import { type Duration, toMilliseconds } from '../duration.js';
import type { Count, CountStore } from '../events/count-store.interface.js';
import { dayOf } from '../events/daily-counts.js';
import { lastDays, type MailCounts } from '../events/mail-statistics.js';
import type { SharedStore } from '../shared-store.interface.js';
import type { ReputationRules } from './reputation-options.js';
import {
  baselineOf,
  countsOf,
  isPaused,
  parseStandings,
  type Pause,
  type PauseCause,
  type Standings,
  type StandingsDocument,
} from './stream-standing.js';

/** A stream that was paused, and why, or that goes on. */
export interface ReputationChange {
  stream: string;
  state: 'paused' | 'resumed';
  at: Date;
  why?: PauseCause;
  /** The rate that was too high, and the limit that it is above. */
  rate?: number;
  limit?: number;
  /** Without it, until the stream is resumed. */
  until?: Date;
}

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
  async resume(stream: string): Promise<boolean> {
    const day = dayOf(this.#parts.now());
    const counts = await this.#parts.counts.read([day]);
    return this.#change((standings) =>
      standings[stream]?.paused ? withStream(standings, stream, { from: baselineOf(counts, stream, day) }) : undefined,
    );
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
    const streams = new Set(counts.map(({ stream }) => stream));
    await this.#change((standings) => {
      let next: Standings | undefined;
      for (const stream of streams) {
        const limits = rules.of(stream);
        const standing = standings[stream] ?? {};
        if (!limits || standing.paused) continue;
        const days = new Set(lastDays(limits.days, at));
        const { sent, bounced, bounceRate, complaintRate } = countsOf(
          counts.filter(({ day }) => days.has(day)),
          stream,
          standing,
        );
        if (Math.max(sent, bounced) < limits.minimum) continue;
        const cause = overstepped({ bounceRate, complaintRate }, limits);
        if (cause)
          next = withStream(next ?? standings, stream, { ...standing, paused: pauseFrom(at, limits.pause, cause) });
      }
      return next;
    });
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

  /** Ends pauses whose time is up, and writes the others again before the store forgets them. */
  async #keep(writtenAt: number): Promise<void> {
    const now = this.#parts.now();
    const all = Object.entries(this.#standings);
    for (const [stream, { paused }] of all)
      if (paused?.until !== undefined && paused.until <= now) await this.resume(stream);
    if (all.length > 0 && now - writtenAt > REPEAT) await this.#change((standings) => standings);
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
    const changes = differences(this.#standings, next, this.#parts.now());
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
    for (const { stream, state, why, rate, limit, until } of differences(before, next, this.#parts.now())) {
      if (state === 'resumed') this.#logger.log(`The stream ${stream} goes on`);
      else
        this.#logger.error(
          why === 'manual'
            ? `The stream ${stream} is paused${ending(until)}`
            : `The stream ${stream} is paused${ending(until)}: ${percent(rate!)} ${why}, above the limit of ${percent(limit!)}. ` +
                `Find out whom it was sent to, then call resume('${stream}') of MailReputation`,
        );
    }
  }

  #reputation(stream: string, counts: readonly Count[]): StreamReputation {
    const standing = this.#standings[stream] ?? {};
    const limits = this.#parts.rules?.of(stream);
    const days = new Set(lastDays(limits ? limits.days : 1, this.#parts.now()));
    const own = counts.filter(({ day }) => days.has(day));
    const { sent, bounced, complained, bounceRate, complaintRate } = countsOf(own, stream, standing);
    const paused = isPaused(standing, this.#parts.now()) ? standing.paused : undefined;
    return { stream, sent, bounced, complained, bounceRate, complaintRate, ...(paused && { paused: told(paused) }) };
  }
}

function overstepped(
  rates: { bounceRate: number; complaintRate: number },
  limits: { bounceRate: number; complaintRate: number },
): Pick<Pause, 'why' | 'rate' | 'limit'> | undefined {
  if (rates.complaintRate > limits.complaintRate)
    return { why: 'complaints', rate: rates.complaintRate, limit: limits.complaintRate };
  return rates.bounceRate > limits.bounceRate
    ? { why: 'bounces', rate: rates.bounceRate, limit: limits.bounceRate }
    : undefined;
}

function pauseFrom(at: number, time: number, cause: Pick<Pause, 'why' | 'rate' | 'limit'>): Pause {
  return { at, ...(time !== Infinity && { until: at + time }), ...cause };
}

function withStream(standings: Standings, stream: string, standing: Standings[string]): Standings {
  return { ...standings, [stream]: standing };
}

function differences(before: Standings, next: Standings, now: number): ReputationChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(next)])].flatMap((stream): ReputationChange[] => {
    const was = before[stream]?.paused;
    const is = next[stream]?.paused;
    if (is && is.at !== was?.at) return [{ stream, state: 'paused', ...told(is) }];
    return was && !is ? [{ stream, state: 'resumed', at: new Date(now) }] : [];
  });
}

function told({ at, until, why, rate, limit }: Pause): Omit<ReputationChange, 'stream' | 'state'> {
  return {
    at: new Date(at),
    why,
    ...(rate !== undefined && { rate }),
    ...(limit !== undefined && { limit }),
    ...(until !== undefined && { until: new Date(until) }),
  };
}

function ending(until: Date | undefined): string {
  return until ? ` until ${until.toISOString()}` : '';
}

function percent(rate: number): string {
  return `${Number((rate * 100).toPrecision(3))} %`;
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
