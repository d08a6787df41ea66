import { isAscii } from 'node:buffer';
import { encodedWords } from './encoded-word.js';
import { foldWords } from './fold.js';

/**
 * A message as it may go where SMTPUTF8 is not spoken: in To, Cc and Reply-To, a mailbox whose address is not ASCII becomes an empty group
 * with a name that shows it (RFC 6857; RFC 5322 section 3.4), so that readers still see whom the mail was for.
 *
 * @returns the very same bytes where there is nothing to do
 */
export function withAsciiAddresses(raw: Uint8Array): Uint8Array {
  const { bytes, header } = headerOf(raw);
  if (isAscii(header)) return raw;
  // Whatever else there is stays byte by byte.
  const fields = header.toString('latin1').split(/\r\n(?![ \t])/);
  const written = fields.map((field) => (ADDRESSES.test(field) && !ASCII.test(field) ? asciiField(field) : field));
  return Buffer.concat([Buffer.from(written.join('\r\n'), 'latin1'), bytes.subarray(header.length)]);
}

/** Whether any server takes its header: one that is not ASCII is for SMTPUTF8 (RFC 6531 section 3.2). */
export function hasAsciiHeader(raw: Uint8Array): boolean {
  return isAscii(headerOf(raw).header);
}

function headerOf(raw: Uint8Array): { bytes: Buffer; header: Buffer } {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const end = bytes.indexOf('\r\n\r\n');
  return { bytes, header: end < 0 ? bytes : bytes.subarray(0, end) };
}

const ADDRESSES = /^(?:to|cc|reply-to)[ \t]*:/i;
// oxlint-disable-next-line no-control-regex
const ASCII = /^[\0-\x7f]*$/;

function asciiField(field: string): string {
  const colon = field.indexOf(':');
  const list = Buffer.from(field.slice(colon + 1).replaceAll('\r\n', ''), 'latin1').toString();
  const mailboxes = (list.match(MAILBOX) ?? []).map((mailbox) => wordsOf(mailbox.trim()));
  const words = mailboxes.flatMap((mailbox, index) =>
    index < mailboxes.length - 1 ? [...mailbox.slice(0, -1), `${mailbox.at(-1)},`] : mailbox,
  );
  return foldWords(field.slice(0, colon).trimEnd(), words);
}

/** Up to the next comma that stands in no quotes. */
const MAILBOX = /(?:"(?:\\.|[^"\\])*"|[^",])+/g;
const WORD = /"(?:\\.|[^"\\])*"\S*|\S+/g;

/** What a line may be folded between. */
function wordsOf(mailbox: string): string[] {
  if (ASCII.test(mailbox)) return mailbox.match(WORD) ?? [];
  const { name, address } = parted(mailbox);
  const names = ASCII.test(name) ? (name.match(WORD) ?? []) : encodedWords(name);
  // The space between two encoded words is not shown: RFC 2047 section 6.2.
  const shown = names.at(-1)?.endsWith('?=') ? ` ${address}` : address;
  return [...names, ...encodedWords(shown), ':;'];
}

/** `name <address>`, or an address alone. */
function parted(mailbox: string): { name: string; address: string } {
  const open = mailbox.endsWith('>') ? mailbox.lastIndexOf('<') : -1;
  if (open < 0) return { name: '', address: mailbox };
  return { name: mailbox.slice(0, open).trimEnd(), address: mailbox.slice(open + 1, -1) };
}
