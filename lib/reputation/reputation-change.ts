import type { Pause, PauseCause, Standings } from './stream-standing.js';

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

/** @param now milliseconds since the epoch */
export function changesBetween(before: Standings, next: Standings, now: number): ReputationChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(next)])].flatMap((stream): ReputationChange[] => {
    const was = before[stream]?.paused;
    const is = next[stream]?.paused;
    if (is && is.at !== was?.at) return [{ stream, state: 'paused', ...told(is) }];
    return was && !is ? [{ stream, state: 'resumed', at: new Date(now) }] : [];
  });
}

/** A pause as it is shown. */
export function told({ at, until, why, rate, limit }: Pause): Omit<ReputationChange, 'stream' | 'state'> {
  return {
    at: new Date(at),
    why,
    ...(rate !== undefined && { rate }),
    ...(limit !== undefined && { limit }),
    ...(until !== undefined && { until: new Date(until) }),
  };
}

/** For the log. */
export function inWords({ stream, state, why, rate, limit, until }: ReputationChange): string {
  if (state === 'resumed') return `The stream ${stream} goes on`;
  const paused = `The stream ${stream} is paused${until ? ` until ${until.toISOString()}` : ''}`;
  if (rate === undefined || limit === undefined) return paused;
  return (
    `${paused}: ${percent(rate)} ${why}, above the limit of ${percent(limit)}. ` +
    `Find out whom it was sent to, then call resume('${stream}') of MailReputation`
  );
}

function percent(rate: number): string {
  return `${Number((rate * 100).toPrecision(3))} %`;
}
