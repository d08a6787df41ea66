import { MailMessageError } from '../errors/mail-message.error.js';
import { suppressedAddress } from './suppressed-address.js';
import type { SuppressionEntry, SuppressionInput, SuppressionScope } from './suppression-entry.interface.js';

/**
 * An entry, checked and normalised.
 *
 * @param now what `at` is without one
 * @throws MailMessageError that names the field
 */
export function readEntry(input: SuppressionInput, now: Date): SuppressionEntry {
  if (typeof input !== 'object' || input === null) throw new MailMessageError('entry', 'is no object');
  const { reason = 'manual', source, at, expires } = input;
  if (typeof input.address !== 'string') throw new MailMessageError('address', 'is no string');
  return {
    address: suppressedAddress(input.address, 'address'),
    reason: word(reason, 'reason'),
    ...readScope(input),
    ...(!isNone(source) && { source: word(source, 'source') }),
    at: isNone(at) ? now : date(at, 'at'),
    ...(!isNone(expires) && { expires: date(expires, 'expires') }),
  };
}

/** @throws MailMessageError that names the field */
export function readScope({ stream, tenant }: SuppressionScope): SuppressionScope {
  return {
    ...(!isNone(stream) && { stream: word(stream, 'stream') }),
    ...(!isNone(tenant) && { tenant: word(tenant, 'tenant') }),
  };
}

/** A text of 1 to {@link LONGEST_WORD} characters without control characters. @throws MailMessageError */
export function word(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '') throw new MailMessageError(field, 'is no text, or empty');
  if (value.length > LONGEST_WORD) throw new MailMessageError(field, `is longer than ${LONGEST_WORD} characters`);
  if (CONTROLS.test(value) || !value.isWellFormed())
    throw new MailMessageError(field, 'holds a line break, another control character or half a character');
  return value;
}

/** What an index of Postgres takes. */
const LONGEST_WORD = 255;

/** A line break would part a key, and Postgres keeps no NUL. */
// oxlint-disable-next-line no-control-regex
export const CONTROLS = /[\0-\x1f\x7f\u0085\u2028\u2029]/;

function isNone(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function date(value: unknown, field: string): Date {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value;
  throw new MailMessageError(field, 'is no valid Date');
}
