import { domainToASCII } from 'node:url';
import { type AddressObject, simpleParser } from 'mailparser';
import type { MailAddress } from '../../../lib/index.js';
import { type ArrivedMail, arrivedText, sortedParts } from './arrived-mail.js';

/**
 * A message in its own bytes, read by mailparser.
 *
 * @param own the provider's own headers, by their names in lower case: it takes them out
 */
export async function arrivedMime(raw: Buffer, recipients: readonly string[], own = NONE): Promise<ArrivedMail> {
  const parsed = await simpleParser(raw, { keepCidLinks: true });
  const lines = parsed.headerLines
    .map(({ key, line }) => [key, decodedWords(line.slice(line.indexOf(':') + 1))] as const)
    .filter(([key]) => key.startsWith('x-'));
  const seen = { ...parsed, headerLines: undefined, attachments: parsed.attachments.map(({ filename }) => filename) };
  return {
    recipients: recipients.toSorted(),
    from: addressesOf(parsed.from)[0],
    to: addressesOf(parsed.to),
    cc: addressesOf(parsed.cc),
    replyTo: addressesOf(parsed.replyTo),
    subject: parsed.subject ?? '',
    text: arrivedText(parsed.text),
    html: arrivedText(parsed.html || undefined),
    attachments: sortedParts(
      parsed.attachments.map(({ filename, contentId, contentType, contentDisposition, content }) => ({
        ...(contentDisposition === 'inline' ? { cid: contentId?.slice(1, -1) } : { name: filename }),
        type: contentType,
        content: content.toString('base64'),
      })),
    ),
    headers: Object.fromEntries(lines.filter(([key]) => !own.test(key))),
    messageId: parsed.messageId,
    own: several(lines.filter(([key]) => own.test(key))),
    seen: JSON.stringify(seen) + raw.toString(),
    wire: [raw, parsed.text, parsed.html].join('\n'),
  };
}

const NONE = /^$/;

function addressesOf(fields: AddressObject | AddressObject[] | undefined): MailAddress[] {
  const found = [fields ?? []].flat().flatMap(({ value }) => value);
  return found.flatMap(({ name, address }) =>
    address === undefined ? [] : [{ ...(name && { name }), address: inAscii(address) }],
  );
}

/** As it came: mailparser shows an international domain in Unicode. */
function inAscii(address: string): string {
  const at = address.lastIndexOf('@');
  return address.slice(0, at + 1) + domainToASCII(address.slice(at + 1));
}

/** A header that stands there more than once has a list of values. */
function several(lines: readonly (readonly [string, string])[]): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = {};
  for (const [key, value] of lines) values[key] = key in values ? [values[key]!, value].flat() : value;
  return values;
}

/** An unstructured header as it is read: unfolded (RFC 5322 section 2.2.3), its encoded words decoded (RFC 2047 section 6.2). */
function decodedWords(value: string): string {
  return value
    .replace(/\r\n(?=[ \t])/g, '')
    .replace(/\?=[ \t]+=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, encoding: string, text: string) =>
      encoding.toLowerCase() === 'b'
        ? Buffer.from(text, 'base64').toString()
        : decodeURIComponent(text.replaceAll('_', ' ').replaceAll('%', '=25').replaceAll('=', '%')),
    )
    .trim();
}
