import type { BreakerState, TransportState } from './transport-state.js';

/** Failures in a row that open it. */
export const OPENS_AFTER = 3;

/** How long it stays open at first; it doubles each time it opens again, up to the longest. Milliseconds. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 300_000;

/** How long a probe counts whose process may have died. Milliseconds. */
const PROBE = 60_000;

/** When those who find a probe under way come again. Milliseconds. */
const PROBING = 500;

/** Why nothing may be sent now, and when to come again; `undefined` where it may. */
export function refusal({ breaker }: TransportState, now: number): { until: number; why: string } | undefined {
  if (breaker?.until === undefined) return undefined;
  const why = `is down: ${breaker.why ?? 'it failed too often'}`;
  if (now < breaker.until) return { until: breaker.until, why };
  return isProbed(breaker, now) ? { until: now + PROBING, why } : undefined;
}

/** Lets an attempt through; the first one while it is half open is its probe. */
export function enter({ breaker }: TransportState, token: string, now: number): void {
  if (breaker?.until !== undefined) breaker.probe = { token, until: now + PROBE };
}

/** The transport has answered, whatever it said of the mail. */
export function succeeded(state: TransportState): void {
  delete state.breaker;
}

/** @param atOnce opens it, however few failures there were: with a wrong password the next one will fail too */
export function failed(
  state: TransportState,
  { token, why, atOnce }: { token: string; why: string; atOnce: boolean },
  now: number,
  random = Math.random,
): void {
  const breaker = (state.breaker ??= { failures: 0, opens: 0 });
  const probed = breaker.probe?.token === token;
  breaker.failures++;
  // Those that were under way when it opened say nothing new.
  if (breaker.until !== undefined && !probed && (now < breaker.until || isProbed(breaker, now))) return;
  delete breaker.probe;
  if (breaker.failures < OPENS_AFTER && !atOnce && breaker.opens === 0) return;
  breaker.opens++;
  breaker.why = why;
  const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (breaker.opens - 1));
  // Not in step with whatever else tries again every so often.
  breaker.until = now + Math.round(pause * (1 + random() / 4));
}

/** The attempt came to nothing that says anything of the transport. */
export function released({ breaker }: TransportState, token: string): void {
  if (breaker?.probe?.token === token) delete breaker.probe;
}

function isProbed({ probe }: BreakerState, now: number): boolean {
  return probe !== undefined && now < probe.until;
}
