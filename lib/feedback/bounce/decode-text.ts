import { compile } from 'html-to-text';
import { decodeBytes, decodeQuotedPrintable } from '../../mime/decode-header.js';
import { headerOf, type MimePart } from './mime-reader.js';

/** The text of a part in its own charset; HTML as its words. */
export function textOf(part: MimePart): string {
  const encoding = headerOf(part, 'content-transfer-encoding').toLowerCase();
  const text = decodeBytes(decodeTransfer(part.raw.slice(0, MOST), encoding), part.parameters['charset']);
  return part.type === 'text/html' || /^\s*<(?:!doctype|html)/i.test(text) ? wordsOfHtml(text) : text;
}

/** In characters: reports are short. */
const MOST = 128 * 1024;

function decodeTransfer(raw: string, encoding: string): Buffer {
  if (encoding === 'base64') return Buffer.from(raw, 'base64');
  return encoding === 'quoted-printable' ? decodeQuotedPrintable(raw) : Buffer.from(raw, 'latin1');
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
