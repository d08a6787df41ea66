import type { Count } from '../events/count-store.interface.js';
import { type MailCounts, totals } from '../events/mail-statistics.js';

/** Why a stream is paused: by its rates, or by hand. */
export type PauseCause = 'bounces' | 'complaints' | 'manual';

/** As it is shared between the processes. Times are in milliseconds since the epoch. */
export interface Pause {
  readonly at: number;
  /** Without it, until the stream is resumed. */
  readonly until?: number;
  readonly why: PauseCause;
  /** Rate and limit that it was paused for. */
  readonly rate?: number;
  readonly limit?: number;
}

/** What had been counted of a day when the stream was resumed: it counts no more. */
export interface Baseline {
  readonly day: string;
  readonly sent: number;
  readonly bounced: number;
  readonly complained: number;
}

/** What is known of a stream. */
export interface StreamStanding {
  readonly paused?: Pause;
  readonly from?: Baseline;
}

export type Standings = Readonly<Record<string, StreamStanding>>;

/** What the processes share. */
export interface StandingsDocument {
  /** When it was last written, in milliseconds since the epoch. */
  readonly at: number;
  readonly streams: Standings;
}

/** The document; an empty one where there is none, or somebody else has written into it. */
export function parseStandings(text: string): StandingsDocument {
  try {
    const { at, streams } = JSON.parse(text) as Partial<StandingsDocument>;
    if (typeof at === 'number' && typeof streams === 'object' && streams !== null) return { at, streams };
  } catch {
    // Told below.
  }
  return { at: 0, streams: {} };
}

export function isPaused({ paused }: StreamStanding, now: number): boolean {
  return paused !== undefined && (paused.until === undefined || paused.until > now);
}

/** What was counted of a stream on these days, since it was last resumed. */
export function countsOf(
  counts: readonly Count[],
  stream: string,
  days: readonly string[],
  { from }: StreamStanding,
): MailCounts {
  const own = counts.filter((one) => one.stream === stream && one.tag === '' && days.includes(one.day));
  if (from === undefined) return totals(own);
  const since = own.filter(({ day }) => day >= from.day);
  return totals(days.includes(from.day) ? [...since, ...undone(stream, from)] : since);
}

/** What is counted of a stream on a day until now. */
export function baselineOf(counts: readonly Count[], stream: string, day: string): Baseline {
  const { sent, bounced, complained } = countsOf(counts, stream, [day], {});
  return { day, sent, bounced, complained };
}

export function pauseFrom(at: number, time: number, cause: Pick<Pause, 'why' | 'rate' | 'limit'>): Pause {
  return { at, ...(time !== Infinity && { until: at + time }), ...cause };
}

export function withStream(standings: Standings, stream: string, standing: StreamStanding): Standings {
  return { ...standings, [stream]: standing };
}

function undone(stream: string, { day, ...before }: Baseline): Count[] {
  return (['sent', 'bounced', 'complained'] as const).map((type) => ({
    day,
    provider: '',
    stream,
    tag: '',
    type,
    count: -before[type],
  }));
}
