const locale = navigator.languages;
const numbers = new Intl.NumberFormat(locale);
const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
const percents = new Intl.NumberFormat(locale, {
  style: 'percent',
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const exact = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });
const dayOnly = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
const dayYear = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
const utcDay = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });

export const count = (value: number): string => numbers.format(value);
export const shortCount = (value: number): string => compact.format(value);
export const percent = (value: number): string => percents.format(value);
export const exactTime = (iso: string): string => exact.format(new Date(iso));
/** Of a day that statistics are kept by: UTC. */
export const day = (seconds: number): string => utcDay.format(seconds * 1_000);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What a person would say: `now`, `5 minutes ago`, `14:02`, `3 Nov`. */
export function spokenTime(iso: string, now: number): string {
  const at = new Date(iso);
  const distance = at.getTime() - now;
  const size = Math.abs(distance);
  if (size < 10_000) return relative.format(0, 'second');
  if (size < MINUTE) return relative.format(Math.round(distance / 1_000), 'second');
  if (size < HOUR) return relative.format(Math.round(distance / MINUTE), 'minute');
  if (distance > 0 && size < 2 * DAY) return relative.format(Math.round(distance / HOUR), 'hour');
  if (at.toDateString() === new Date(now).toDateString()) return clock.format(at);
  return (at.getFullYear() === new Date(now).getFullYear() ? dayOnly : dayYear).format(at);
}

export function bytes(size: number): string {
  if (size < 1_000) return `${count(size)} B`;
  if (size < 1_000_000) return `${numbers.format(Math.round(size / 100) / 10)} kB`;
  return `${numbers.format(Math.round(size / 100_000) / 10)} MB`;
}

export function milliseconds(value: number): string {
  if (value < 1_000) return `${count(Math.round(value))} ms`;
  if (value < MINUTE) return `${numbers.format(Math.round(value / 100) / 10)} s`;
  return `${numbers.format(Math.round(value / 6_000) / 10)} min`;
}

/** `1 mail`, `2 mails`. */
export function many(value: number, one: string, more = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}
