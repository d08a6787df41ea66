/** Each step is twice as long as the one before: 10 ms, 20 ms, ... up to about a day, and all above. */
const FIRST = 10;
export const LATENCY_STEPS = 24;

/** The step of a time, in milliseconds. */
export function latencyStepOf(took: number): number {
  if (!(took > FIRST)) return 0;
  return Math.min(LATENCY_STEPS - 1, Math.ceil(Math.log2(took / FIRST)));
}

/**
 * The time that this share of mails took at most, in milliseconds; `null` where there were none. Within a step, mails are taken to lie evenly.
 *
 * @param counts by step @param share 0 to 1
 */
export function latencyOf(counts: readonly number[], share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let left = total * share;
  for (const [step, count] of counts.entries()) {
    if (count >= left && count > 0) return Math.round(from(step) + (to(step) - from(step)) * (left / count));
    left -= count;
  }
  return to(LATENCY_STEPS - 1);
}

function from(step: number): number {
  return step === 0 ? 0 : to(step - 1);
}

function to(step: number): number {
  return FIRST * 2 ** step;
}
