import { compile } from 'html-to-text';
import { headerOf, type MimePart } from './mime-reader.js';

/** The text of a part in its own charset; HTML as its words. */
export function textOf(part: MimePart): string {
  const encoding = headerOf(part, 'content-transfer-encoding').toLowerCase();
  const text = decoded(decodeTransfer(part.raw.slice(0, MOST), encoding), part.parameters['charset']);
  return part.type === 'text/html' || /^\s*<(?:!doctype|html)/i.test(text) ? wordsOfHtml(text) : text;
}

/** Encoded words of a header (RFC 2047). */
export function decodeHeader(value: string): string {
  const joined = value.slice(0, 4_000).replaceAll(/\?=\s+=\?/g, '?==?');
  const words = joined.replaceAll(
    /=\?([\w-]{1,40})(?:\*[\w-]{0,10})?\?([bq])\?([^?\s]{0,500})\?=/gi,
    (_, charset: string, encoding: string, text: string) =>
      decoded(
        encoding.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : quoted(text.replaceAll('_', ' ')),
        charset,
      ),
  );
  return words === joined ? decoded(Buffer.from(joined, 'latin1'), undefined) : words;
}

/** In characters: reports are short. */
const MOST = 128 * 1024;

function decodeTransfer(raw: string, encoding: string): Buffer {
  if (encoding === 'base64') return Buffer.from(raw, 'base64');
  return encoding === 'quoted-printable' ? quoted(raw) : Buffer.from(raw, 'latin1');
}

function quoted(text: string): Buffer {
  return Buffer.from(
    text
      .replaceAll(/=[ \t]{0,10}\n/g, '')
      .replaceAll(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

function decoded(bytes: Uint8Array, charset: string | undefined): string {
  for (const label of [charset, 'utf-8', 'latin1']) {
    if (label === undefined) continue;
    try {
      return new TextDecoder(label, { fatal: label !== charset && label === 'utf-8' }).decode(bytes);
    } catch {
      // The next one.
    }
  }
  return '';
}

/** Addresses in angle brackets are none of its tags, though hosts write them so. */
function wordsOfHtml(html: string): string {
  return asText(html.slice(0, MOST_HTML).replaceAll(/<([^\s<>@"'=]{1,64}@[^\s<>"'=]{1,255})>/g, '&lt;$1&gt;'));
}

const MOST_HTML = 64 * 1024;

const asText = compile({
  wordwrap: false,
  limits: { maxDepth: 64, maxInputLength: MOST_HTML },
  selectors: [
    { selector: 'a', options: { ignoreHref: true } },
    { selector: 'img', format: 'skip' },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
  ],
});
