import type { Count } from '../events/count-store.interface.js';
import { lastDays } from '../events/mail-statistics.js';
import type { ReputationRules, ReputationSettings } from './reputation-options.js';
import { countsOf, type Pause, pauseFrom, type Standings, withStream } from './stream-standing.js';

/** Pauses the streams that are above their limits; nothing when there are none. @param at milliseconds since the epoch */
export function judgeStreams(
  standings: Standings,
  counts: readonly Count[],
  rules: ReputationRules,
  at: number,
): Standings | undefined {
  let next: Standings | undefined;
  for (const stream of new Set(counts.map((one) => one.stream))) {
    const limits = rules.of(stream);
    const standing = standings[stream] ?? {};
    if (!limits || standing.paused) continue;
    const { sent, bounced, ...rates } = countsOf(counts, stream, lastDays(limits.days, at), standing);
    const cause = Math.max(sent, bounced) < limits.minimum ? undefined : overstepped(rates, limits);
    if (cause)
      next = withStream(next ?? standings, stream, { ...standing, paused: pauseFrom(at, limits.pause, cause) });
  }
  return next;
}

function overstepped(
  { bounceRate, complaintRate }: { bounceRate: number; complaintRate: number },
  limits: ReputationSettings,
): Pick<Pause, 'why' | 'rate' | 'limit'> | undefined {
  if (complaintRate > limits.complaintRate)
    return { why: 'complaints', rate: complaintRate, limit: limits.complaintRate };
  return bounceRate > limits.bounceRate ? { why: 'bounces', rate: bounceRate, limit: limits.bounceRate } : undefined;
}
