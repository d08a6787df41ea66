import * as breaker from './breaker.js';
import { paceOf } from './pace.js';
import { leavePlaces } from './places.js';
import { slowDown } from './slowdown.js';
import type { TransportLimits } from './transport-limits.js';
import type { TransportState } from './transport-state.js';

/** What an attempt says of its transport. */
export type Verdict =
  /** It answered, whatever it said of the mail. */
  | { readonly type: 'well' }
  /** The attempt was given up before it said anything. */
  | { readonly type: 'silent' }
  /** Connection, credentials, provider down. */
  | { readonly type: 'down'; readonly why: string; readonly atOnce: boolean; readonly retryAfter?: number }
  /** Too fast. */
  | { readonly type: 'slower'; readonly retryAfter?: number }
  /** No more for a long while. */
  | { readonly type: 'spent'; readonly why: string; readonly retryAfter?: number };

/** How long a quota is taken for used up when the provider does not say. Milliseconds. */
const SPENT = 15 * 60_000;

export interface Leaving {
  readonly token: string;
  readonly verdict: Verdict;
  readonly limits: TransportLimits;
  /** How fast this process was, in recipients a second. */
  readonly perSecond: number;
}

/** Notes what an attempt came to. Changes the state. */
export function conclude(state: TransportState, { token, verdict, limits, perSecond }: Leaving, now: number): void {
  leavePlaces(state, token, now);
  switch (verdict.type) {
    case 'well':
      breaker.succeeded(state);
      return;
    case 'silent':
      breaker.released(state, token);
      return;
    case 'down':
      breaker.failed(state, { token, why: verdict.why, atOnce: verdict.atOnce }, now);
      if (verdict.retryAfter !== undefined) pause(state, verdict.retryAfter, verdict.why, now);
      return;
    case 'slower': {
      breaker.released(state, token);
      const pace = limits.rate && paceOf(limits.rate);
      slowDown(state, { perSecond, ...(pace && { pace }), ...retryAfterOf(verdict) }, now);
      return;
    }
    case 'spent':
      breaker.released(state, token);
      pause(state, verdict.retryAfter ?? SPENT, verdict.why, now);
  }
}

/** Whether there is anything to note: nearly always there is not. */
export function isNews(state: TransportState, token: string, verdict: Verdict): boolean {
  if (state.underWay?.[token]) return true;
  if (verdict.type === 'well') return state.breaker !== undefined;
  return verdict.type !== 'silent' || state.breaker?.probe?.token === token;
}

function pause(state: TransportState, wait: number, why: string, now: number): void {
  const until = now + wait;
  if (until > (state.paused?.until ?? 0)) state.paused = { until, why };
}

function retryAfterOf({ retryAfter }: { retryAfter?: number }): { retryAfter?: number } {
  return retryAfter === undefined ? {} : { retryAfter };
}
