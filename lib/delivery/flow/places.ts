import type { TransportState } from './transport-state.js';

/** How long a place is kept without a sign of life, in milliseconds. */
export const KEPT = 60_000;

/** What an attempt is expected to take when nothing is known yet, and the longest wait for a turn. Milliseconds. */
const FIRST_GUESS = 100;
const LONGEST_TURN = 60_000;

/** In how many milliseconds to come again when the places of a lane are all taken; `undefined` when one is free. Changes the line. */
export function placeWait(state: TransportState, lane: string, places: number, now: number): number | undefined {
  const taken = Object.values(state.underWay ?? {}).filter(
    ({ until, lanes }) => until > now && lanes.includes(lane),
  ).length;
  if (taken < places) return undefined;
  const line = ((state.places ??= {})[lane] ??= { stay: FIRST_GUESS, turn: 0 });
  line.turn = Math.min(Math.max(now, line.turn) + line.stay / places, now + LONGEST_TURN);
  return Math.max(1, line.turn - now);
}

export function takePlaces(state: TransportState, token: string, lanes: string[], now: number): void {
  const living = Object.entries(state.underWay ?? {}).filter(([, { until }]) => until > now);
  // Nobody was there: those who were told to come have all come, or never will.
  if (living.length === 0) delete state.places;
  state.underWay = { ...Object.fromEntries(living), [token]: { since: now, until: now + KEPT, lanes } };
}

/** The attempts of this process are still under way. */
export function keepPlaces({ underWay = {} }: TransportState, tokens: Iterable<string>, now: number): void {
  for (const token of tokens) if (underWay[token]) underWay[token].until = now + KEPT;
}

export function leavePlaces(state: TransportState, token: string, now: number): void {
  const left = state.underWay?.[token];
  if (!left) return;
  delete state.underWay![token];
  for (const lane of left.lanes) {
    const line = state.places?.[lane];
    if (line) line.stay += (Math.max(0, now - left.since) - line.stay) / 16;
  }
}
