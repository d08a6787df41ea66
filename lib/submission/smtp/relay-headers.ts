import type { MailStream, Priority } from '../../mail/mail-message.interface.js';
import type { RawOptions } from '../../mail/raw-options.interface.js';
import { decodeHeader } from '../../mime/decode-header.js';
import type { RawField } from '../../mime/raw-header.js';
import { SmtpRefusalError } from './smtp-refusal.error.js';

type Options = Pick<
  RawOptions,
  'tags' | 'metadata' | 'transport' | 'sendAt' | 'stream' | 'priority' | 'idempotencyKey'
>;

/** The options that a message's own header asks for, and the fields that say so, which do not go out. */
export interface RelayHeaders {
  readonly options: Options;
  readonly fields: readonly RawField[];
}

/** @throws SmtpRefusalError that names the field */
export function readRelayHeaders(fields: readonly RawField[]): RelayHeaders {
  const own = fields.filter(({ name }) => isOurs(name));
  const tags = own.filter(({ name }) => name === 'x-relay-tag').flatMap(({ value }) => readTags(value));
  const metadata: Record<string, string> = {};
  for (const { name, value } of own) {
    if (!name.startsWith(METADATA)) continue;
    const key = name.slice(METADATA.length);
    if (key === '') refuse(name, 'names no key; write X-Relay-Metadata-Plan: pro');
    if (Object.hasOwn(metadata, key)) refuse(name, 'is there twice');
    metadata[key] = decodeHeader(value);
  }
  const options: Options = {
    ...(tags.length > 0 && { tags }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
  for (const [name, read] of Object.entries(SINGLE)) {
    const [field, second] = own.filter((one) => one.name === name);
    if (second) refuse(name, 'is there twice');
    if (field) Object.assign(options, read(decodeHeader(field.value)));
  }
  return { options, fields: own };
}

/** The field that an option of `sendRaw()` came from. @param option as an error names it: `metadata.plan` */
export function headerOf(option: string): string | undefined {
  const [name = '', key] = option.split(/[.[]/, 2);
  if (name === 'metadata') return shown(METADATA + (key ?? ''));
  return Object.hasOwn(HEADERS, name) ? shown(HEADERS[name]!) : undefined;
}

const METADATA = 'x-relay-metadata-';

const HEADERS: Readonly<Record<string, string>> = {
  tags: 'x-relay-tag',
  transport: 'x-relay-transport',
  sendAt: 'x-relay-send-at',
  stream: 'x-relay-stream',
  priority: 'x-relay-priority',
  idempotencyKey: 'x-relay-idempotency-key',
};

/** Fields that may be there once. */
const SINGLE: Readonly<Record<string, (value: string) => Options>> = {
  'x-relay-transport': (transport) => ({ transport: filled('x-relay-transport', transport) }),
  'x-relay-send-at': (value) => ({ sendAt: readTime(value) }),
  'x-relay-stream': (stream) => ({ stream: filled('x-relay-stream', stream) as MailStream }),
  'x-relay-priority': (value) => ({ priority: readPriority(value.toLowerCase()) }),
  'x-relay-idempotency-key': (key) => ({ idempotencyKey: filled('x-relay-idempotency-key', key) }),
};

function isOurs(name: string): boolean {
  return name === 'x-relay-tag' || name.startsWith(METADATA) || Object.hasOwn(SINGLE, name);
}

function readTags(value: string): string[] {
  const tags = decodeHeader(value)
    .split(',')
    .map((tag) => tag.trim());
  if (tags.includes('')) refuse('x-relay-tag', 'has an empty tag; write X-Relay-Tag: welcome, trial');
  return tags;
}

function readPriority(value: string): Priority {
  if (value === 'high' || value === 'normal' || value === 'low') return value;
  return refuse('x-relay-priority', 'is high, normal or low');
}

/** RFC 3339, or RFC 5322 section 3.3: either has a time zone. */
function readTime(value: string): Date {
  const time = RFC_3339.test(value) || RFC_5322.test(value) ? new Date(value) : new Date(Number.NaN);
  if (Number.isNaN(time.getTime()))
    return refuse('x-relay-send-at', 'is no time; write 2030-01-31T09:00:00Z or Thu, 31 Jan 2030 09:00:00 +0000');
  return time;
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const RFC_5322 = /^(?:[A-Za-z]{3}, ?)?\d{1,2} [A-Za-z]{3} \d{4} \d{2}:\d{2}(?::\d{2})? (?:[+-]\d{4}|GMT|UTC?)$/;

function filled(name: string, value: string): string {
  return value === '' ? refuse(name, 'is empty') : value;
}

/** A field's name as people write it: X-Relay-Send-At. */
export function shown(name: string): string {
  return name.replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

function refuse(name: string, why: string): never {
  throw new SmtpRefusalError(550, '5.6.0', `${shown(name)}: ${why}`);
}
