/** All in milliseconds. */
export interface RetrySchedule {
  readonly maxAge: number;
  readonly delay: number;
  readonly maxDelay: number;
}

/** As in most relays: a day of trying, at first after seconds, at last every hour. RFC 5321 section 4.5.4.1 asks for days; applications rarely. */
export const DEFAULT_RETRY: RetrySchedule = { maxAge: 24 * 3_600_000, delay: 10_000, maxDelay: 3_600_000 };

/** No mail is tried again in the same moment, in milliseconds. */
const SHORTEST = 1;

export interface Deferral {
  /** Milliseconds since the epoch. */
  now: number;
  /** From when the age counts: the mail's acceptance, or its `sendAt`. */
  since: number;
  /** How often the mail was deferred before. */
  deferrals: number;
  /** What the provider asked for, in milliseconds. */
  retryAfter?: number;
}

/**
 * When to try again, in milliseconds since the epoch: exponential with full jitter. The last attempt is at the end of `maxAge`;
 * after that, `expired`.
 */
export function nextAttempt(
  schedule: RetrySchedule,
  { now, since, deferrals, retryAfter = 0 }: Deferral,
  random = Math.random,
): number | 'expired' {
  const deadline = since + schedule.maxAge;
  if (now >= deadline) return 'expired';
  // 2 ** 1024 is Infinity, which min() turns into maxDelay.
  const longest = Math.min(schedule.maxDelay, Math.max(schedule.delay, SHORTEST) * 2 ** deferrals);
  return Math.min(deadline, now + Math.max(SHORTEST, Math.ceil(random() * longest), retryAfter));
}
