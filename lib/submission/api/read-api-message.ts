import { MailMessageError } from '../../errors/mail-message.error.js';
import type { AttachmentInput, InlineMessage } from '../../mail/mail-options.interface.js';
import type { RawOptions } from '../../mail/raw-options.interface.js';
import type { ApiAttachment, ApiComposedMessage, ApiRawMessage } from './api-message.interface.js';
import { refuseDangerousNames } from './dangerous-names.js';

/** A message as `MailService` takes it. */
export type ReadApiMessage =
  | { readonly kind: 'composed'; readonly message: InlineMessage }
  | { readonly kind: 'raw'; readonly raw: Uint8Array; readonly options: ReadRawOptions };

/** The envelope's sender may still be missing. */
export type ReadRawOptions = Omit<RawOptions, 'envelope'> & { envelope: { from?: string; to: readonly string[] } };

/**
 * Makes a message of JSON. Here is checked what JSON can do that an application's own code would not; the rest `MailService` checks.
 *
 * @throws MailMessageError that names the field
 */
export function readApiMessage(json: unknown): ReadApiMessage {
  if (!isObject(json)) throw new MailMessageError('message', 'is a JSON object { to, subject, ... }');
  refuseDangerousNames(json, '');
  if (json['raw'] === undefined)
    return { kind: 'composed', message: readFields(json, COMPOSED, 'a message') as unknown as InlineMessage };
  const { raw, ...options } = readFields(json, RAW, 'a message with `raw`');
  if (options['envelope'] === undefined)
    throw new MailMessageError('envelope', 'is missing: a message with `raw` goes to envelope.to');
  return { kind: 'raw', raw: raw as Uint8Array, options: options as unknown as ReadRawOptions };
}

/** @param field names the place in the error */
type Reader = (value: unknown, field: string) => unknown;
type Readers = Readonly<Record<string, Reader>>;

/** @param outer the field that they are in */
function readFields(json: object, readers: Readers, of: string, outer?: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => {
      const field = outer === undefined ? short(name) : `${outer}.${short(name)}`;
      const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
      if (!reader)
        throw new MailMessageError(field, `is no field of ${of}; known are ${Object.keys(readers).join(', ')}`);
      if (value === null) throw new MailMessageError(field, 'is null; leave it out');
      return [name, reader(value, field)];
    }),
  );
}

/** `MailService` finds what is wrong with it. */
const asItIs: Reader = (value) => value;

const COMMON = {
  tags: asItIs,
  metadata: asItIs,
  tenant: asItIs,
  stream: asItIs,
  priority: asItIs,
  transport: asItIs,
  delay: asItIs,
  sendAt: readTime,
  idempotencyKey: asItIs,
  retry: asItIs,
  provider: readProvider,
} satisfies Readers;

const COMPOSED = {
  to: readAddresses,
  cc: readAddresses,
  bcc: readAddresses,
  from: readAddress,
  replyTo: readAddresses,
  envelope: (value, field) => readFields(objectOf(value, field), { from: readText }, 'the envelope', field),
  subject: asItIs,
  html: asItIs,
  text: asItIs,
  template: asItIs,
  context: objectOf,
  headers: asItIs,
  attachments: readAttachments,
  locale: asItIs,
  unsubscribe: asItIs,
  track: asItIs,
  ...COMMON,
} satisfies Readers & { [K in keyof ApiComposedMessage]-?: Reader };

const RAW = {
  raw: readBase64,
  envelope: (value, field) =>
    readFields(objectOf(value, field), { from: readText, to: readTexts }, 'the envelope', field),
  notify: asItIs,
  ...COMMON,
} satisfies Readers & { [K in keyof ApiRawMessage]-?: Reader };

function readAddresses(value: unknown, field: string): unknown {
  return Array.isArray(value)
    ? value.map((one, index) => readAddress(one, `${field}[${index}]`))
    : readAddress(value, field);
}

/** A text or an object; what else an application's user record may hold has no place in JSON. */
function readAddress(value: unknown, field: string): unknown {
  if (!isObject(value)) return value;
  const unknown = Object.keys(value).find((key) => !ADDRESS.has(key));
  if (unknown === undefined) return value;
  throw new MailMessageError(
    `${field}.${short(unknown)}`,
    `is no field of an address; known are ${[...ADDRESS].join(', ')}`,
  );
}

const ADDRESS: ReadonlySet<string> = new Set(['name', 'address', 'email', 'locale']);

function readAttachments(value: unknown, field: string): AttachmentInput[] {
  if (!Array.isArray(value)) throw new MailMessageError(field, 'is an array of attachments');
  return value.map((one: unknown, index) => {
    const place = `${field}[${index}]`;
    const given = objectOf(one, place);
    if ('path' in given)
      throw new MailMessageError(`${place}.path`, 'no file of the server is read; give `content` in base64');
    if (!('content' in given)) throw new MailMessageError(`${place}.content`, 'is missing: the bytes, in base64');
    return readFields(given, ATTACHMENT, 'an attachment', place) as AttachmentInput;
  });
}

const ATTACHMENT = {
  filename: readText,
  content: readBase64,
  contentType: readText,
  cid: readText,
} satisfies Readers & { [K in keyof ApiAttachment]-?: Reader };

function readProvider(value: unknown, field: string): unknown {
  const given = objectOf(value, field);
  for (const [name, extras] of Object.entries(given)) objectOf(extras, `${field}.${name}`);
  return given;
}

/** RFC 3339 section 5.6: without an offset, nobody knows which time is meant. */
function readTime(value: unknown, field: string): Date {
  const date = typeof value === 'string' && TIME.test(value) ? new Date(value) : new Date(Number.NaN);
  if (!Number.isNaN(date.getTime())) return date;
  throw new MailMessageError(field, "is a time in ISO 8601 with its offset: '2026-12-24T18:00:00Z'");
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** RFC 4648 section 4; line breaks are passed over, as those who write base64 in lines expect. */
function readBase64(value: unknown, field: string): Uint8Array {
  const text = readText(value, field);
  const lines = text.includes('\n') ? text.replaceAll(/\r?\n/g, '') : text;
  if (!BASE64.test(lines) || lines.length % 4 === 1 || (lines.endsWith('=') && lines.length % 4 !== 0))
    throw new MailMessageError(field, 'is no base64 (RFC 4648 section 4)');
  return Buffer.from(lines, 'base64');
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function readTexts(value: unknown, field: string): string[] {
  if (!Array.isArray(value)) throw new MailMessageError(field, 'is an array of strings');
  return value.map((one, index) => readText(one, `${field}[${index}]`));
}

function readText(value: unknown, field: string): string {
  if (typeof value === 'string') return value;
  throw new MailMessageError(field, 'is a string');
}

function objectOf(value: unknown, field: string): Record<string, unknown> {
  if (isObject(value)) return value;
  throw new MailMessageError(field, 'is an object');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of a name that a client made up. */
function short(name: string): string {
  return name.length <= 100 ? name : `${name.slice(0, 100)}…`;
}
