import { createHash } from 'node:crypto';
import { toMilliseconds } from '../duration.js';
import { MailMessageError } from '../errors/mail-message.error.js';
import { checkLine } from '../mail/headers.js';
import type { MailStream, Priority } from '../mail/mail-message.interface.js';
import type { MailAttributes } from '../mail/mail.decorator.js';
import type { RetryOptions } from '../mail/mail-options.interface.js';
import type { MailSnapshot } from '../mail/mail-snapshot.interface.js';
import type { FormOptions } from './mail-form.js';

/** What every mail has, however it was given. */
export type MailFrame = Pick<
  MailSnapshot,
  'v' | 'acceptedAt' | 'notBefore' | 'stream' | 'priority' | 'tenant' | 'transport' | 'deduplication' | 'retry'
>;

/** The options that say it. */
export type FrameOptions = Pick<
  FormOptions,
  'stream' | 'priority' | 'tenant' | 'transport' | 'idempotencyKey' | 'retry' | 'delay' | 'sendAt'
>;

/** What stands behind a mail's own options, the nearest first. */
export interface FrameDefaults {
  readonly attributes: Pick<MailAttributes<object>, 'stream' | 'priority' | 'transport' | 'retry'>;
  readonly stream?: MailStream | undefined;
  readonly priority?: Priority | undefined;
  readonly retry: MailSnapshot['retry'];
}

/**
 * @param scope the relay's name: idempotency keys of two relays are two keys
 * @param now milliseconds since the epoch
 * @throws MailMessageError that names the field
 */
export function mailFrame(options: FrameOptions, defaults: FrameDefaults, scope: string, now: number): MailFrame {
  const { attributes, stream, priority, retry } = defaults;
  return {
    v: 1,
    acceptedAt: now,
    notBefore: startOf(options, now),
    stream: word(options.stream ?? attributes.stream ?? stream ?? 'transactional', 'stream'),
    priority: priorityOf(options.priority ?? attributes.priority ?? priority ?? 'normal'),
    ...optional('tenant', options.tenant),
    ...optional('transport', options.transport ?? attributes.transport),
    ...(options.idempotencyKey !== undefined && { deduplication: keyOf(options.idempotencyKey, scope) }),
    retry: retryOver(options.retry, retryOver(attributes.retry, retry)),
  };
}

/** Retry options over defaults, in milliseconds. @throws MailMessageError */
export function readRetry(options: unknown, defaults: MailSnapshot['retry'], field: string): MailSnapshot['retry'] {
  if (typeof options !== 'object' || options === null)
    throw new MailMessageError(field, 'is an object { maxAge, delay, maxDelay }');
  const unknown = Object.keys(options).find((key) => !Object.hasOwn(defaults, key));
  if (unknown)
    throw new MailMessageError(`${field}.${unknown}`, 'is no option of retry; known are maxAge, delay, maxDelay');
  const given = options as RetryOptions;
  const read = (name: keyof RetryOptions) =>
    given[name] === undefined ? defaults[name] : milliseconds(given[name], `${field}.${name}`);
  return { maxAge: read('maxAge'), delay: read('delay'), maxDelay: read('maxDelay') };
}

/** @throws MailMessageError */
export function milliseconds(duration: NonNullable<FormOptions['delay']>, field: string): number {
  try {
    // The last moment that a Date can name.
    return Math.min(Math.round(toMilliseconds(duration, field)), 8_640_000_000_000_000 - Date.now());
  } catch (cause) {
    throw new MailMessageError(field, 'is no duration; give milliseconds or e.g. "10s", "5m", "24h"', { cause });
  }
}

/** A short text without control characters. */
export function word(value: unknown, field: string, most = 256): string {
  const text = checkLine(value, field);
  if (text === '' || text.length > most) throw new MailMessageError(field, `is a string of 1 to ${most} characters`);
  return text;
}

function retryOver(options: RetryOptions | undefined, under: MailSnapshot['retry']): MailSnapshot['retry'] {
  return options === undefined ? under : readRetry(options, under, 'retry');
}

function keyOf(key: unknown, scope: string): string {
  if (typeof key !== 'string' || key === '' || key.length > 1024)
    throw new MailMessageError('idempotencyKey', 'is a string of 1 to 1024 characters');
  return createHash('sha256').update(`${scope}\0${key}`).digest('base64url');
}

function startOf({ delay, sendAt }: FrameOptions, now: number): number {
  if (delay !== undefined && sendAt !== undefined)
    throw new MailMessageError('sendAt', 'cannot go with `delay`; give one of them');
  if (sendAt !== undefined) {
    const at = Object.prototype.toString.call(sendAt) === '[object Date]' ? sendAt.getTime() : Number.NaN;
    if (Number.isNaN(at)) throw new MailMessageError('sendAt', 'is no valid Date');
    return Math.max(at, now);
  }
  return delay === undefined ? now : now + milliseconds(delay, 'delay');
}

function priorityOf(priority: Priority): Priority {
  if (priority === 'high' || priority === 'normal' || priority === 'low') return priority;
  throw new MailMessageError('priority', "is 'high', 'normal' or 'low'");
}

function optional<K extends string>(name: K, value: unknown): { [P in K]?: string } {
  return (value === undefined ? {} : { [name]: word(value, name) }) as { [P in K]?: string };
}
