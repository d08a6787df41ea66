import { decodeHeader } from '../../mime/decode-header.js';
import { textOf } from './decode-text.js';
import { headerOf, type MimePart, readFields } from './mime-reader.js';

/** The mail that a report is about, as far as the report has it. */
export interface OriginalMail {
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

/** From its part (RFC 3462, RFC 6522), or from what a text quotes of it. */
export function originalOf(parts: readonly MimePart[], quoted: string): OriginalMail {
  const part = parts.find(({ type }) => ORIGINALS.has(type));
  const text = part ? part.raw.replace(/^\s+/, '') : quoted;
  return { headers: readFields(text.slice(0, 64 * 1024).replaceAll(/^(?:>|\| ?) ?/gm, '')).headers };
}

export function messageIdOf({ headers }: OriginalMail): string | undefined {
  return /<[^<>\s]{1,990}>/.exec(headerOf({ headers }, 'message-id'))?.[0];
}

/** A text up to the copy of the mail that it is about, and that copy. */
export function splitQuoted(text: string): { words: string; quoted: string } {
  const found = DELIMITERS.exec(text);
  const headers = HEADER_BLOCK.exec(text);
  if (!found && !headers) return { words: text, quoted: '' };
  if (headers && (!found || headers.index <= found.index + found[0].length))
    return {
      words: text.slice(0, Math.min(headers.index, found?.index ?? Infinity)),
      quoted: text.slice(headers.index).trimStart(),
    };
  return { words: text.slice(0, found!.index), quoted: text.slice(found!.index + found![0].length).trimStart() };
}

/** The words of a report: its first texts, decoded, not those of attached mails. */
export function wordsOf(whole: MimePart, parts: readonly MimePart[]): string {
  // A multipart whose boundary is nowhere is a text.
  if (whole.parts.length === 0) return textOf(whole).slice(0, LONGEST);
  const texts = parts.filter(({ type, parts: inner }) => inner.length === 0 && (type === 'text/plain' || type === ''));
  const some = texts.length > 0 ? texts : parts.filter(({ type }) => type === 'text/html');
  return some.slice(0, 3).map(textOf).join('\n\n').slice(0, LONGEST);
}

export function subjectOf(whole: MimePart): string {
  return decodeHeader(headerOf(whole, 'subject'));
}

/** In characters; what a server has to say stands at the top. */
const LONGEST = 64 * 1024;

const ORIGINALS: ReadonlySet<string> = new Set([
  'message/rfc822',
  'text/rfc822-headers',
  'message/rfc822-headers',
  'message/global',
  'message/global-headers',
  'message/partial',
]);

/** How mail servers announce the copy. */
const DELIMITERS =
  /\n[ \t>*]*(?:[-=_*#]{2,}[ \t>]*)?(?:below (?:this line )?is (?:a copy of )?the (?:message|original)|(?:this|here|following|attached|below) is (?:a |the )?(?:copy|original|first)[^\n]{0,60}(?:message|mail|header)|(?:begin(?:ning)? of |start of )?(?:the )?(?:original|returned|unsent|undelivered|rejected|failed|bounced|the) (?:message|mail|e-?mail)(?: (?:follows|headers?|text|content|is attached|begins?)[^\n]{0,30})?[ \t]*(?:[-=_*:#.]|$)|message (?:header|follows|text follows|body|content)s?|(?:unsent|original|returned|your) (?:message|mail)[^\n]{0,20} (?:follows|was|reads)[^\n]{0,30}:|a copy of the (?:original|message)[^\n]{0,60}|the (?:first|header)[^\n]{0,40} of the (?:original )?(?:message|mail)[^\n]{0,30}:|content-type: message\/rfc822|received message follows|headers? of (?:the )?(?:original|returned)|vvvvv)[^\n]{0,80}/i;

/** Where a copy begins without a word: some header fields in a row. */
const HEADER_BLOCK =
  /\n[ \t>]{0,8}(?:return-path|received|x-[\w-]{1,40}|delivered-to|dkim-signature|message-id|mime-version): [^\n]+\n(?:[ \t>]{1,8}[^\n]+\n|[ \t>]{0,8}[\w-]{2,40}: ?[^\n]*\n){2}/i;
