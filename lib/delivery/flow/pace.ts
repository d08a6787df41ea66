import type { RateLimit } from '../../transport/rate.js';
import type { LaneState, Turn } from './transport-state.js';

/** A rate as steps: one recipient each `interval` milliseconds, and `burst` milliseconds of them at once. */
export interface Pace {
  readonly interval: number;
  readonly burst: number;
}

/** A turn that is this near is waited for in place: to put a mail aside takes longer. Milliseconds. */
export const HOLD = 100;

/** Two processes may think so differently of what time it is for the store. Milliseconds. */
const DISAGREEMENT = 5_000;

/** No line is longer, whatever the clock says. Milliseconds. */
const LONGEST_LINE = 3_600_000;

/**
 * Rates by the second are kept in even steps, a little slower than they are: so much may be late on its way to the provider without there
 * being more than `count` in any window. Longer windows allow a tenth of them at once.
 */
export function paceOf({ count, window }: RateLimit): Pace {
  if (window <= 1_000) return { interval: window / (count * STEADY), burst: 0 };
  const burst = Math.max(1, Math.floor(count / 10));
  const interval = window / Math.max(count - burst, count * 0.5);
  return { interval, burst: (burst - 1) * interval };
}

const STEADY = 0.94;

/** How long `recipients` more have to wait in a lane, in milliseconds. */
export function waitIn(lane: LaneState | undefined, { burst }: Pace, now: number): number {
  return lane ? Math.max(0, nextOf(lane, burst, now) - burst - now) : 0;
}

/** Takes the next place. */
export function takePlace(lane: LaneState | undefined, pace: Pace, recipients: number, now: number): LaneState {
  const span = pace.interval * recipients;
  const from = lane ? Math.max(now, nextOf(lane, pace.burst, now)) : now;
  // Nobody used the lane: those who were told to come have all come, or never will.
  const idle = !lane || now - lane.next > Math.max(1_000, 3 * pace.interval);
  return { next: from + span, span, turns: idle ? {} : lane.turns };
}

/** A mail went out later than it should have: the next one keeps its distance from where that was. */
export function makeUp(lane: LaneState, { interval }: Pace, recipients: number, late: number): void {
  lane.next += Math.min(late, interval * recipients);
}

/** Puts the mail in a line; gives in how many milliseconds it is its turn. Changes the lane. */
export function lineUp(lane: LaneState, pace: Pace, recipients: number, turn: Turn, now: number): number {
  const free = nextOf(lane, pace.burst, now) - pace.burst;
  const last = lane.turns[turn] ?? 0;
  const at = Math.min(Math.max(free, last + pace.interval * recipients), now + LONGEST_LINE);
  lane.turns[turn] = at;
  return Math.max(1, at - now - HOLD / 2);
}

/** When the clock was set back, the lane seems to be taken for longer than anybody can have taken it. */
function nextOf({ next, span }: LaneState, burst: number, now: number): number {
  return next - now > HOLD + span + burst + DISAGREEMENT ? now : next;
}
