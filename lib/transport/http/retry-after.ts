import type { IncomingHttpHeaders } from 'node:http';

/** How long a server asks to be left alone, in milliseconds, a day at most: RFC 9110 section 10.2.3, as seconds or as a date. */
export function retryAfter(headers: IncomingHttpHeaders, now: number = Date.now()): number | undefined {
  const value = headers['retry-after']?.trim();
  if (!value) return undefined;
  const seconds = /^\d{1,9}$/.test(value);
  // A date begins with its weekday; the parser would see one in many other things.
  if (!seconds && !/^[a-z]{3}/i.test(value)) return undefined;
  const wait = seconds ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), DAY);
}

const DAY = 86_400_000;
