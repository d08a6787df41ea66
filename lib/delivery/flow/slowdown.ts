import type { Pace } from './pace.js';
import type { TransportState } from './transport-state.js';

/** A pace that was halved doubles again in this time, in milliseconds. */
const DOUBLES_IN = 30_000;

/** Answers of attempts that were under way together count once. Milliseconds. */
const TOGETHER = 1_000;

/** How long to leave a provider alone that says "too fast" and not for how long. Milliseconds. */
const BREATHER = 1_000;

/** Nothing is slower, in recipients a second. */
const SLOWEST = 0.1;

/** Where no rate is configured, a pace so many times the one that was too fast is none any more. */
const FREE_AT = 8;

/**
 * The provider said "too fast": half the pace at once.
 *
 * @param pace what is allowed, where there is a rate
 * @param perSecond how fast this process was, in recipients a second
 */
export function slowDown(
  state: TransportState,
  { pace, perSecond, retryAfter }: { pace?: Pace; perSecond: number; retryAfter?: number },
  now: number,
): void {
  const until = now + (retryAfter ?? BREATHER);
  if (until > (state.paused?.until ?? 0)) state.paused = { until, why: 'it asked for a slower pace' };
  if (state.slow && now - state.slow.at < TOGETHER) return;
  const current = state.slow ? recovered(state.slow, now) : pace ? 1_000 / pace.interval : perSecond;
  // It recovers from when sending goes on.
  state.slow = { perSecond: Math.max(SLOWEST, current / 2), at: until };
}

/** The pace to keep: the configured one, or a slower one. Forgets a slowness that is over. */
export function slowedPace(state: TransportState, configured: Pace | undefined, now: number): Pace | undefined {
  if (!state.slow) return configured;
  const perSecond = recovered(state.slow, now);
  const over = configured ? perSecond >= 1_000 / configured.interval : perSecond >= state.slow.perSecond * FREE_AT;
  if (!over) return { interval: 1_000 / perSecond, burst: 0 };
  delete state.slow;
  return configured;
}

function recovered({ perSecond, at }: NonNullable<TransportState['slow']>, now: number): number {
  return perSecond * 2 ** (Math.max(0, now - at) / DOUBLES_IN);
}
