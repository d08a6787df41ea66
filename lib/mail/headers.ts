import { MailMessageError } from '../errors/mail-message.error.js';

/**
 * Custom headers, checked: names as in RFC 5322 section 3.6.8, values without line breaks or other controls, and none that the relay
 * writes itself.
 *
 * @throws MailMessageError that names the header
 */
export function checkHeaders(headers: unknown, field = 'headers'): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(checkStrings(headers, field))) {
    if (!NAME.test(name))
      throw new MailMessageError(
        `${field}.${JSON.stringify(name)}`,
        'is no header name (RFC 5322: printable ASCII without a colon)',
      );
    const owner =
      ownerOf(name.toLowerCase()) ?? (name.toLowerCase().startsWith('content-') ? 'attachments or html' : undefined);
    if (owner) throw new MailMessageError(`${field}.${name}`, `is written by the relay; use ${owner}`);
    if (value.split(/[ \t]/).some((word) => word.length > LONGEST_WORD))
      throw new MailMessageError(
        `${field}.${name}`,
        'has a word of more than 900 characters: no server takes such a line (RFC 5322 section 2.1.1)',
      );
    checked[name] = value;
  }
  return checked;
}

/** Values by name, all of them strings without control characters: headers and metadata. */
export function checkStrings(values: unknown, field: string): Record<string, string> {
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw new MailMessageError(field, 'is an object of strings');
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== 'string')
      throw new MailMessageError(`${field}.${name}`, `is a ${typeof value}; give a string`);
    checkLine(value, `${field}.${name}`);
    checkLine(name, `${field}.${JSON.stringify(name)}`);
  }
  return values as Record<string, string>;
}

/** A text that goes into one line: no line break, no other control character but the tab. */
export function checkLine(text: unknown, field: string): string {
  if (typeof text !== 'string') throw new MailMessageError(field, `is a ${typeof text}; give a string`);
  if (CONTROLS.test(text)) throw new MailMessageError(field, 'holds a line break or another control character');
  return text;
}

/** `over` wins over `under`; header names are the same whatever their case. */
export function mergeHeaders(...layers: readonly (Record<string, string> | undefined)[]): Record<string, string> {
  const merged = new Map<string, [name: string, value: string]>();
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer ?? {})) merged.set(name.toLowerCase(), [name, value]);
  }
  return Object.fromEntries(merged.values());
}

function ownerOf(name: string): string | undefined {
  return Object.hasOwn(OWN, name) ? OWN[name] : undefined;
}

const LONGEST_WORD = 900;
const NAME = /^[!-9;-~]{1,76}$/;
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\0-\x08\x0a-\x1f\x7f]/;

/** Headers that come from options of their own. */
const OWN: Readonly<Record<string, string>> = {
  from: '`from`',
  to: '`to`',
  cc: '`cc`',
  bcc: '`bcc`',
  subject: '`subject`',
  'reply-to': '`replyTo`',
  'return-path': '`envelope.from`',
  'message-id': 'the `messageId` that send() returns',
  date: '`sendAt`',
  'mime-version': 'nothing: it is always there',
};
