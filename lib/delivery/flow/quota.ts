import type { RateLimit } from '../../transport/rate.js';
import type { TransportState } from './transport-state.js';

/** The window slides in so many steps. */
const PARTS = 24;

/** When there is room for so many recipients again; `undefined` when there is. */
export function quotaFreeAt(
  state: TransportState,
  quota: RateLimit,
  recipients: number,
  now: number,
): number | undefined {
  const { part, counts } = counted(state, quota, now);
  let used = counts.reduce((sum, [, count]) => sum + count, 0);
  // A mail that is larger than the whole quota must not wait for ever.
  const needed = Math.min(recipients, quota.count);
  if (used + needed <= quota.count) return undefined;
  for (const [number, count] of counts) {
    used -= count;
    if (used + needed <= quota.count) return (number + PARTS + 1) * part;
  }
  return now + part;
}

/** Recipients that count against it now. */
export function quotaUsed(state: TransportState, quota: RateLimit, now: number): number {
  return counted(state, quota, now).counts.reduce((sum, [, count]) => sum + count, 0);
}

/** Notes that so many recipients are under way. */
export function takeQuota(state: TransportState, quota: RateLimit, recipients: number, now: number): void {
  const { part, counts } = counted(state, quota, now);
  const current = String(Math.floor(now / part));
  state.used = Object.fromEntries(counts);
  state.used[current] = (state.used[current] ?? 0) + recipients;
}

/** The parts that still count, the oldest first. A part counts until all of it is a window ago. */
function counted(
  { used = {} }: TransportState,
  { window }: RateLimit,
  now: number,
): { part: number; counts: [number: number, count: number][] } {
  const part = window / PARTS;
  const current = Math.floor(now / part);
  const counts = Object.entries(used).map(([number, count]): [number, number] => [Number(number), count]);
  // What is in the future was noted before the clock was set back.
  return {
    part,
    counts: counts.filter(([number]) => number >= current - PARTS && number <= current).sort(([a], [b]) => a - b),
  };
}
