import * as breaker from './breaker.js';
import { HOLD, lineUp, makeUp, type Pace, paceOf, takePlace, waitIn } from './pace.js';
import { placeWait, takePlaces } from './places.js';
import { quotaFreeAt, takeQuota } from './quota.js';
import { slowedPace } from './slowdown.js';
import type { TransportLimits } from './transport-limits.js';
import type { TransportState, Turn } from './transport-state.js';

/** An attempt that asks to be let through. */
export interface Entry {
  readonly token: string;
  /** By domain. */
  readonly recipients: ReadonlyMap<string, number>;
  readonly turn: Turn;
}

/** Waits are milliseconds. */
export type Admission =
  /** After this wait, {@link HOLD} at most. */
  | { readonly type: 'go'; readonly wait: number }
  /** In a while: the transport is well, and others are before. */
  | { readonly type: 'busy'; readonly wait: number; readonly why: string }
  /** Down, paused, or its quota is used up: another transport may have the mail. */
  | { readonly type: 'closed'; readonly wait: number; readonly why: string };

/** Lets an attempt through, or says when to come again. Changes the state: what is let through is counted. */
export function admit(state: TransportState, limits: TransportLimits, entry: Entry, now: number): Admission {
  if (state.paused && now >= state.paused.until) delete state.paused;
  const closed = closedUntil(state, limits, entry, now);
  if (closed) return { type: 'closed', wait: Math.max(1, closed.until - now), why: closed.why };
  const crowded = waitForPlace(state, limits, entry, now);
  if (crowded !== undefined) return { type: 'busy', wait: crowded, why: 'as many attempts as allowed are under way' };
  const lanes = lanesOf(state, limits, entry, now);
  const wait = Math.max(0, ...lanes.map(({ lane, pace }) => waitIn(state.lanes?.[lane], pace, now)));
  if (wait > HOLD) return { type: 'busy', wait: turnIn(state, lanes, entry.turn, now), why: 'the rate is used up' };
  enter(state, limits, entry, lanes, now);
  return { type: 'go', wait };
}

/** What was let through went out late. Changes the state. */
export function wasLate(state: TransportState, limits: TransportLimits, entry: Entry, late: number, now: number): void {
  for (const { lane, pace, recipients } of lanesOf(state, limits, entry, now)) {
    const behind = state.lanes?.[lane];
    if (behind) makeUp(behind, pace, recipients, late);
  }
}

/** A lane of an entry: `''`, or a domain. */
interface EntryLane {
  readonly lane: string;
  readonly pace: Pace;
  readonly recipients: number;
}

function closedUntil(
  state: TransportState,
  { quota }: TransportLimits,
  entry: Entry,
  now: number,
): { until: number; why: string } | undefined {
  const down = breaker.refusal(state, now);
  if (down) return down;
  if (state.paused) return state.paused;
  const until = quota && quotaFreeAt(state, quota, countOf(entry), now);
  return until === undefined ? undefined : { until, why: 'its quota is used up' };
}

function waitForPlace(state: TransportState, limits: TransportLimits, entry: Entry, now: number): number | undefined {
  for (const [lane, places] of placesOf(limits, entry)) {
    const wait = placeWait(state, lane, places, now);
    if (wait !== undefined) return wait;
  }
  return undefined;
}

function turnIn(state: TransportState, lanes: readonly EntryLane[], turn: Turn, now: number): number {
  const waiting = lanes.filter(({ lane, pace }) => waitIn(state.lanes?.[lane], pace, now) > HOLD);
  return Math.max(
    ...waiting.map(({ lane, pace, recipients }) => lineUp(state.lanes![lane]!, pace, recipients, turn, now)),
  );
}

function enter(
  state: TransportState,
  limits: TransportLimits,
  entry: Entry,
  lanes: readonly EntryLane[],
  now: number,
): void {
  breaker.enter(state, entry.token, now);
  if (limits.quota) takeQuota(state, limits.quota, countOf(entry), now);
  for (const { lane, pace, recipients } of lanes)
    (state.lanes ??= {})[lane] = takePlace(state.lanes[lane], pace, recipients, now);
  const places = placesOf(limits, entry).map(([lane]) => lane);
  if (places.length > 0) takePlaces(state, entry.token, places, now);
}

function lanesOf(state: TransportState, limits: TransportLimits, entry: Entry, now: number): EntryLane[] {
  const lanes: EntryLane[] = [];
  const own = slowedPace(state, limits.rate && paceOf(limits.rate), now);
  if (own) lanes.push({ lane: '', pace: own, recipients: countOf(entry) });
  for (const [domain, recipients] of entry.recipients) {
    const rate = limits.perDomain.get(domain)?.rate;
    if (rate) lanes.push({ lane: domain, pace: paceOf(rate), recipients });
  }
  return lanes;
}

function placesOf(limits: TransportLimits, entry: Entry): [lane: string, places: number][] {
  const places: [string, number][] = limits.concurrency === undefined ? [] : [['', limits.concurrency]];
  for (const domain of entry.recipients.keys()) {
    const concurrency = limits.perDomain.get(domain)?.concurrency;
    if (concurrency !== undefined) places.push([domain, concurrency]);
  }
  return places;
}

/** Recipients of all domains. */
export function countOf({ recipients }: Pick<Entry, 'recipients'>): number {
  let count = 0;
  for (const some of recipients.values()) count += some;
  return count;
}
