import type { MailLink } from '../view/mail-links.js';
import type { ReadMessage } from '../view/read-message.js';
import { UNSUPPORTED } from './client-support.js';
import type { MailMarkup } from './mail-markup.js';
import type { MailWarning } from './mail-warning.interface.js';

/** What a check looks at. */
export interface CheckedMail {
  readonly message: ReadMessage;
  readonly links: readonly MailLink[];
  /** Where it has HTML. */
  readonly markup?: MailMarkup;
  readonly stream?: string;
}

/** One thing to look for: gives what is wrong, in words, or nothing. */
interface Check extends Omit<MailWarning, 'message'> {
  readonly find: (mail: CheckedMail) => string | false | undefined;
}

/** Gmail shows no more of a message's HTML, and a link to the rest: https://support.google.com/a/answer/176600 and senders' own measurements. */
export const GMAIL_CLIP = 102 * 1024;
/** Most phones show some 40 characters of a subject, and desktops some 70. */
const LONG_SUBJECT = 70;
/** Bytes. Gmail and Outlook take messages up to 25 and 20 MB, in base64, which is a third more. */
const LARGE_ATTACHMENTS = 10 * 1024 * 1024;

export const CHECKS: readonly Check[] = [
  {
    code: 'no-subject',
    severity: 'error',
    find: ({ message }) => message.subject.trim() === '' && 'It has no subject',
  },
  {
    code: 'long-subject',
    severity: 'info',
    find: ({ message: { subject } }) =>
      subject.length > LONG_SUBJECT &&
      `Its subject has ${subject.length} characters; most programs show about ${LONG_SUBJECT}`,
  },
  {
    code: 'template-left',
    severity: 'error',
    find: ({ message: { subject, text = '', html = '' } }) =>
      [subject, text, html].some((words) => /\{\{[^{}]{1,100}\}\}/.test(words)) &&
      'A template’s {{braces}} are left in it',
  },
  {
    code: 'undefined-left',
    severity: 'warn',
    find: ({ message: { subject } }) =>
      /\b(?:undefined|null|NaN|\[object Object\])/.test(subject) &&
      'Its subject says undefined, null or [object Object]',
  },
  {
    code: 'no-text',
    severity: 'warn',
    help: 'https://www.rfc-editor.org/rfc/rfc2046#section-5.1.4',
    find: ({ message: { html, text } }) =>
      html !== undefined &&
      !text?.trim() &&
      'It has no text part: some programs, watches and spam filters read nothing else',
  },
  {
    code: 'empty',
    severity: 'error',
    find: ({ message: { html, text } }) => html === undefined && !text?.trim() && 'It has neither text nor HTML',
  },
  {
    code: 'clipped',
    severity: 'warn',
    find: ({ message: { html = '' } }) => {
      const size = Buffer.byteLength(html);
      return (
        size > GMAIL_CLIP &&
        `Its HTML has ${kilobytes(size)} kB; Gmail clips it at 102 kB, with what tracks opens at its end`
      );
    },
  },
  {
    code: 'large-attachments',
    severity: 'warn',
    find: ({ message: { attachments } }) => {
      const size = attachments.reduce((sum, { bytes }) => sum + bytes.length, 0);
      return (
        size > LARGE_ATTACHMENTS && `Its attachments have ${kilobytes(size)} kB: mailboxes may refuse it; send a link`
      );
    },
  },
  {
    code: 'no-unsubscribe',
    severity: 'warn',
    help: 'https://support.google.com/a/answer/81126',
    find: ({ message: { headers }, stream }) =>
      stream === 'broadcast' &&
      !headers.some(([name]) => name.toLowerCase() === 'list-unsubscribe') &&
      'It is a broadcast without List-Unsubscribe, which Gmail and Yahoo ask of those who send many (RFC 8058)',
  },
  {
    code: 'no-alt',
    severity: 'warn',
    help: 'https://www.w3.org/WAI/tutorials/images/decision-tree/',
    find: ({ markup }) =>
      counted(
        markup?.images.filter(({ alt, unseen }) => alt === undefined && !unseen).length,
        (count) =>
          `${count} ${count === 1 ? 'image has' : 'images have'} no alt: nothing is read of it where images are off (alt="" for what is decoration)`,
      ),
  },
  {
    code: 'no-size',
    severity: 'info',
    find: ({ markup }) =>
      counted(
        markup?.images.filter(({ src, sized, unseen }) => /^https?:/i.test(src) && !sized && !unseen).length,
        (count) =>
          `${count} remote ${count === 1 ? 'image has' : 'images have'} no width: the mail jumps as they load, and Outlook shows them in their full size`,
      ),
  },
  {
    code: 'no-lang',
    severity: 'info',
    help: 'https://www.w3.org/WAI/WCAG22/Understanding/language-of-page',
    find: ({ markup }) =>
      markup?.lang === undefined &&
      markup?.isDocument &&
      'Its <html> has no lang: screen readers guess how to pronounce it',
  },
  {
    code: 'script',
    severity: 'error',
    find: ({ markup }) =>
      markup?.tags.has('script') && 'It has a <script>: no mail program runs it, and filters hold it against the mail',
  },
  {
    code: 'form',
    severity: 'warn',
    find: ({ markup }) =>
      markup?.tags.has('form') && 'It has a form: most programs do not send it, and filters take it for phishing',
  },
  {
    code: 'frame',
    severity: 'warn',
    find: ({ markup }) =>
      ['iframe', 'frame', 'object', 'embed'].some((tag) => markup?.tags.has(tag)) &&
      'It embeds another document, which is left out',
  },
  {
    code: 'base',
    severity: 'warn',
    find: ({ markup }) => markup?.tags.has('base') && 'It has a <base>: programs differ in whether links go by it',
  },
];

/** One warning for each way in which links are wrong. */
export function linkWarnings({ links }: CheckedMail): MailWarning[] {
  const urls = new Map<string, string[]>();
  for (const { warning, url } of links)
    if (warning !== undefined) urls.set(warning, [...(urls.get(warning) ?? []), url.slice(0, 100)]);
  return [...urls].map(([warning, some]) => ({
    code: 'link',
    severity: 'warn',
    message: `${some.length === 1 ? `The link ${JSON.stringify(some[0])}` : `${some.length} links`}: ${warning}`,
  }));
}

/** What common programs leave out. */
export function supportWarnings({ markup }: CheckedMail): MailWarning[] {
  if (!markup) return [];
  return UNSUPPORTED.filter(
    ({ css, tag, image }) =>
      css?.test(markup.css) ||
      (tag !== undefined && markup.tags.has(tag)) ||
      markup.images.some(({ src }) => image?.test(src)),
  ).map(({ feature, name, clients }) => ({
    code: feature,
    severity: clients.length > 2 ? 'warn' : 'info',
    message: `${name}: left out by ${clients.join(', ')}`,
    help: `https://www.caniemail.com/features/${feature}/`,
  }));
}

function counted(count: number | undefined, words: (count: number) => string): string | false {
  return count !== undefined && count > 0 && words(count);
}

function kilobytes(bytes: number): number {
  return Math.round(bytes / 1024);
}
