import { Readable } from 'node:stream';
import { simpleParser, type ParsedMail } from 'mailparser';
import { composeMime } from '../../lib/mime/compose-mime.js';
import type { MimeInput } from '../../lib/mime/mime-input.interface.js';

/** A message with every field set, but for what is given. */
export function message(given: Partial<MimeInput> = {}): MimeInput {
  return {
    from: { name: 'Acme', address: 'hello@acme.test' },
    to: [{ address: 'ada@x.test' }],
    cc: [],
    replyTo: [],
    subject: 'Hello',
    messageId: '<3f2b8a30-7f0c-4a1c-9a6e-1d2e3f405060@acme.test>',
    date: new Date('2026-07-28T10:11:12Z'),
    headers: {},
    attachments: [],
    ...given,
  };
}

export function attachment(
  part: { filename?: string; contentType?: string; cid?: string },
  bytes: Uint8Array,
): MimeInput['attachments'][number] {
  return { contentType: 'application/octet-stream', ...part, bytes, content: () => Readable.from([bytes]) };
}

export async function compose(given: Partial<MimeInput> = {}): Promise<Buffer> {
  return Buffer.from(await composeMime(message(given)));
}

/** The message's source; ISO 8859-1, so that a byte is a character. */
export async function source(given: Partial<MimeInput> = {}): Promise<string> {
  return (await compose(given)).toString('latin1');
}

/** The header of a source as lines, still folded. */
export function headerLines(raw: string): string[] {
  return raw.slice(0, raw.indexOf('\r\n\r\n')).split('\r\n');
}

/** One field's value, unfolded. */
export function headerOf(raw: string, name: string): string | undefined {
  const unfolded = raw.slice(0, raw.indexOf('\r\n\r\n')).replace(/\r\n(?=[ \t])/g, '');
  const line = unfolded.split('\r\n').find((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line?.slice(name.length + 1).trim();
}

export function parse(raw: Uint8Array): Promise<ParsedMail> {
  return simpleParser(Buffer.from(raw), {
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipTextLinks: true,
    keepCidLinks: true,
  });
}
