import { MailMessageError } from '../errors/mail-message.error.js';

/** The header fields of a message by their names in lower case, in their order; a field is a latin1 string without its last CRLF. */
export interface HeaderFields {
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly bodyStart: number;
}

/** @throws MailMessageError for what is no header, and for one without a From */
export function fieldsOf(raw: Buffer): HeaderFields {
  const end = raw.indexOf('\r\n\r\n');
  const header = raw.toString('latin1', 0, end < 0 ? raw.length : end).replace(/\r\n$/, '');
  const fields = new Map<string, string[]>();
  for (const field of header.split(/\r\n(?![ \t])/)) {
    const name = /^([!-9;-~]+)[ \t]*:/.exec(field)?.[1]?.toLowerCase();
    if (!name || BARE_LINE_END.test(field))
      throw new MailMessageError('raw', 'the header is broken: a line is no field, or does not end with CRLF');
    const same = fields.get(name);
    if (same) same.push(field);
    else fields.set(name, [field]);
  }
  if (!fields.has('from')) throw new MailMessageError('from', 'is missing; a message without it cannot be signed');
  return { fields, bodyStart: end < 0 ? raw.length : end + 4 };
}

const BARE_LINE_END = /\r(?!\n)|(?<!\r)\n/;
