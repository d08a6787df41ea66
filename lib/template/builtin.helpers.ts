import Handlebars from 'handlebars';
import { BoundedCache } from './bounded-cache.js';
import type { Helper, HelperOptions } from './helper-options.js';
import { image } from './image.helper.js';

/** The helpers every template has. Each of them needs an argument: `{{image}}` alone is a variable of that name. */
export const BUILTIN_HELPERS: Readonly<Record<string, Helper>> = {
  image: taking(1, 1, "{{image 'logo.png' alt='Logo'}}", image),
  formatDate: taking(1, 1, "{{formatDate at dateStyle='long'}}", formatDate),
  formatNumber: taking(1, 1, '{{formatNumber count}}', formatNumber),
  formatCurrency: taking(2, 2, "{{formatCurrency total 'EUR'}}", formatCurrency),
  join: taking(1, 2, "{{join names ', '}}", join),
  eq: taking(2, 2, '{{#if (eq a b)}}', (_, a, b) => a === b),
  ne: taking(2, 2, '{{#if (ne a b)}}', (_, a, b) => a !== b),
  not: taking(1, 1, '{{#if (not a)}}', (_, value) => !isTrue(value)),
  and: taking(2, Infinity, '{{#if (and a b)}}', (_, ...all) => all.reduce((a, b) => (isTrue(a) ? b : a))),
  or: taking(2, Infinity, '{{#if (or a b)}}', (_, ...all) => all.reduce((a, b) => (isTrue(a) ? a : b))),
};

function taking(
  min: number,
  max: number,
  usage: string,
  run: (options: HelperOptions, ...values: unknown[]) => unknown,
): Helper {
  return (...args) => {
    const options = args.pop() as HelperOptions;
    if (args.length < min || args.length > max) throw new TypeError(`it is used like this: ${usage}`);
    return run(options, ...args);
  };
}

/** Options of Intl.DateTimeFormat; default a medium date in UTC, so that each process that renders gives the same. */
function formatDate(options: HelperOptions, value: unknown): string {
  if (value === null || value === undefined) return '';
  const date = value instanceof Date ? value : new Date(value as string | number);
  if (Number.isNaN(date.getTime())) throw new TypeError(`${describe(value)} is no date`);
  const whole = DATE_PARTS.some((part) => part in options.hash);
  const defaults = { timeZone: 'UTC', ...(whole ? {} : { dateStyle: 'medium' }) };
  return formatter(Intl.DateTimeFormat, options, defaults).format(date);
}

/** Options of Intl.NumberFormat. */
function formatNumber(options: HelperOptions, value: unknown): string {
  return value === null || value === undefined ? '' : formatter(Intl.NumberFormat, options).format(toNumber(value));
}

/** Options of Intl.NumberFormat; the currency is a code of ISO 4217. */
function formatCurrency(options: HelperOptions, value: unknown, currency: unknown): string {
  if (value === null || value === undefined) return '';
  return formatter(Intl.NumberFormat, options, { style: 'currency', currency }).format(toNumber(value));
}

function join(_: HelperOptions, list: unknown, separator: unknown = ', '): string {
  if (list === null || list === undefined) return '';
  if (typeof list !== 'object' || !(Symbol.iterator in list)) throw new TypeError(`${describe(list)} is no list`);
  return [...(list as Iterable<unknown>)].map((value) => String(value ?? '')).join(String(separator));
}

/** As `{{#if}}` sees it: an empty list is false. */
function isTrue(value: unknown): boolean {
  return Boolean(value) && !Handlebars.Utils.isEmpty(value);
}

function describe(value: unknown): string {
  return typeof value === 'object' ? 'an object' : `"${String(value)}"`;
}

/** A decimal as text, as databases give it, keeps all its digits. */
function toNumber(value: unknown): number {
  const numeric = typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value));
  if (typeof value === 'number' || typeof value === 'bigint' || numeric) return value as number;
  throw new TypeError(`${describe(value)} is no number`);
}

const DATE_PARTS = [
  ['dateStyle', 'timeStyle', 'weekday', 'era', 'year', 'month', 'day', 'dayPeriod'],
  ['hour', 'minute', 'second', 'fractionalSecondDigits'],
].flat();

/** Making a formatter takes a hundred times as long as using it. */
const formatters = new BoundedCache<object>(500);

function formatter<F extends object, O extends object>(
  Format: new (locale: string, options: O) => F,
  { hash, data }: HelperOptions,
  defaults: Record<string, unknown> = {},
): F {
  const { locale = data.locale ?? 'en', ...given } = hash;
  const options = { ...defaults, ...given };
  const key = JSON.stringify([Format.name, locale, options]);
  return formatters.get(key, () => new Format(String(locale), options as O)) as F;
}
