import { WebhookRejectedError } from '../../errors/webhook-rejected.error.js';
import { parseJson } from '../../http/parse-json.js';

export type Json = Readonly<Record<string, unknown>>;

/** A body as JSON. @throws WebhookRejectedError 400 for what is none, is not UTF-8, or is nested more than {@link DEEPEST} deep */
export function readJson(body: Uint8Array): unknown {
  return parseJson(body, { depth: DEEPEST, reject: (status, why) => new WebhookRejectedError(status, why) });
}

/** @throws WebhookRejectedError 400 */
export function readObject(body: Uint8Array): Json {
  const value = readJson(body);
  if (isObject(value)) return value;
  throw new WebhookRejectedError(400, 'the body is no JSON object');
}

/** An object, or an empty one for anything else. */
export function objectIn(value: unknown): Json {
  return isObject(value) ? value : {};
}

/** A text that is not empty, or undefined. */
export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, LONGEST_TEXT) : undefined;
}

export function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Values that are texts or numbers, by name. */
export function wordsIn(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(objectIn(value)).flatMap(([name, one]) =>
      typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean' ? [[name, String(one)]] : [],
    ),
  );
}

/** A time in ISO 8601, or in seconds since the epoch; the present for what is none. */
export function timeIn(value: unknown): Date {
  const date = typeof value === 'number' ? new Date(value * 1_000) : new Date(typeof value === 'string' ? value : NaN);
  return Number.isNaN(date.getTime()) ? new Date() : date;
}

const DEEPEST = 50;
const LONGEST_TEXT = 4_000;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
