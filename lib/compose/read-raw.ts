import addressparser from 'nodemailer/lib/addressparser';
import { MailMessageError } from '../errors/mail-message.error.js';
import { parseAddress } from '../mail/address.js';
import type { MailAddress } from '../mail/mail-message.interface.js';
import { decodeHeader } from '../mime/decode-header.js';
import { headerDate } from '../mime/message-header.js';
import { type RawField, readRawHeader, withCrlf, withFields } from '../mime/raw-header.js';

/** A finished message, completed, and what its header says. */
export interface ReadMessage {
  readonly bytes: Uint8Array;
  readonly messageId: string;
  readonly from: MailAddress;
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly replyTo: readonly MailAddress[];
  readonly subject: string;
}

/** A finished message may have this many bytes: 25 MiB, which is what most providers and mailboxes take. */
export const MAX_RAW_SIZE = 25 * 1024 * 1024;

/**
 * Reads a finished message. Message-ID and Date are added where they are missing (RFC 6409 section 8), Bcc and Resent-Bcc are taken out, and lines that do
 * not end with CRLF get one; else it stays byte for byte.
 *
 * @param messageId gives one for a message whose author is `from`
 * @throws MailMessageError for what is no message
 */
export function readRaw(raw: unknown, date: Date, messageId: (from: MailAddress) => string): ReadMessage {
  if (!(raw instanceof Uint8Array)) throw new MailMessageError('raw', 'is the message as bytes, a Uint8Array');
  if (raw.length > MAX_RAW_SIZE + TRACE)
    throw new MailMessageError('raw', `is too large: a message may have ${MAX_RAW_SIZE / 1024 / 1024} MiB`, {
      reason: 'too-large',
    });
  const whole = withCrlf(raw);
  const fields = readRawHeader(whole);
  const first = (name: string): string | undefined => fields.find((field) => field.name === name)?.value;
  const from = authorOf(first('from'));
  const own = MESSAGE_ID.exec(first('message-id') ?? '')?.[1];
  const id = own ?? messageId(from);
  const left = fields.filter(({ name }) => BLIND.has(name) || (own === undefined && name === 'message-id'));
  const bytes = withFields(whole, left, {
    ...(own === undefined && { 'Message-ID': id }),
    ...(first('date') === undefined && { Date: headerDate(date) }),
  });
  return {
    bytes,
    messageId: id,
    from,
    to: mailboxes(fields, 'to'),
    cc: mailboxes(fields, 'cc'),
    replyTo: mailboxes(fields, 'reply-to'),
    subject: shown(first('subject') ?? ''),
  };
}

/** RFC 5322 section 3.6: there is always one. */
function authorOf(value: string | undefined): MailAddress {
  const author = value === undefined ? undefined : addressesIn(value)[0];
  if (author) return author;
  throw new MailMessageError('from', 'the message has no From with a mail address (RFC 5322 section 3.6.2)');
}

/** Whom the header names. It is only shown, so what is no address is passed over. */
function mailboxes(fields: readonly RawField[], name: string): MailAddress[] {
  const all = fields.filter((field) => field.name === name).map(({ value }) => value);
  return addressesIn(all.slice(0, MOST_SHOWN).join(', ')).slice(0, MOST_SHOWN);
}

function addressesIn(value: string): MailAddress[] {
  const text = Buffer.from(value.slice(0, LONGEST_LIST), 'latin1').toString();
  return addressparser(text, { flatten: true }).flatMap(({ name, address }) => {
    try {
      return parseAddress({ name: shown(Buffer.from(name ?? '').toString('latin1')), address: address ?? '' }, 'raw');
    } catch {
      return [];
    }
  });
}

/** In one line, whatever an encoded word holds. */
function shown(value: string): string {
  return decodeHeader(value).replaceAll(CONTROLS, ' ').toWellFormed().trim();
}

// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\0-\x1f\x7f\u0085\u2028\u2029]+/g;
/** On top of that: what a relay writes of its own when it takes a message. Bytes. */
const TRACE = 4 * 1024;

/** RFC 5322 sections 3.6.3 and 3.6.6. */
const BLIND: ReadonlySet<string> = new Set(['bcc', 'resent-bcc']);

const MOST_SHOWN = 1_000;
const LONGEST_LIST = 64 * 1024;
/** RFC 5322 section 3.6.4, leniently; a comment may stand behind it. */
const MESSAGE_ID = /^(<[^\s<>]{1,900}>)(?: *\([^()]*\))?$/;
