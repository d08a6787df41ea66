import type { ConsoleAnswer } from '../http/console-answer.js';
import type { ReadAttachment, ReadMessage } from './read-message.js';

export interface FrameOptions {
  /** Images from the network. */
  readonly images: boolean;
  /** As a mail program shows it that is dark. */
  readonly dark: boolean;
}

/**
 * A mail's HTML for a frame in which nothing of it acts: its own policy is a sandbox without scripts, forms, pop-ups and navigation (which
 * forbids a meta refresh as well), and lets nothing be fetched but, where the reader asks, images. Links to other resources and frames are
 * made inert; it is not changed otherwise, so that it is seen as it is.
 */
export function frameOf({ html, text = '', attachments }: ReadMessage, options: FrameOptions): ConsoleAnswer {
  const body = html === undefined ? `<pre style="white-space: pre-wrap">${escaped(text)}</pre>` : html;
  return {
    headers: { ...FRAME_HEADERS, 'Content-Security-Policy': policyOf(options) },
    body: shown(withImages(inert(body), attachments), options.dark),
  };
}

/** What is shown instead of a mail that there is none of. */
export function emptyFrame(words: string): ConsoleAnswer {
  return {
    headers: { ...FRAME_HEADERS, 'Content-Security-Policy': policyOf({ images: false }) },
    body: `<!doctype html><meta charset="utf-8"><pre style="white-space: pre-wrap">${escaped(words)}</pre>`,
  };
}

export function policyOf({ images }: Pick<FrameOptions, 'images'>): string {
  return [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `img-src data:${images ? ' https: http:' : ''}`,
    'sandbox',
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
  ].join('; ');
}

const FRAME_HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'X-Frame-Options': 'SAMEORIGIN',
  // A frame in a sandbox has an origin of its own.
  'Cross-Origin-Opener-Policy': '',
};

/**
 * A policy forbids to fetch, and not to connect: browsers may do so for `<link rel="preconnect">`, and for a frame before they look whether it may
 * be loaded, which tells its sender that the mail is read. Each name gives way to one that parsers treat alike, and that shows nothing.
 */
function inert(html: string): string {
  return html.replace(
    /<(\/?)(link|iframe|frame)(?=[\s/>])/gi,
    (_tag, slash: string, name: string) => `<${slash}${INERT[name.toLowerCase()]}`,
  );
}

const INERT: Readonly<Record<string, string>> = { link: 'bgsound', iframe: 'noembed', frame: 'x-frame' };

/** Embedded images stand in the text itself: there is nowhere to fetch them from. */
function withImages(html: string, attachments: readonly ReadAttachment[]): string {
  const images = new Map(attachments.flatMap((one) => (one.cid === undefined ? [] : [[one.cid, one] as const])));
  if (images.size === 0) return html;
  const urls = new Map<ReadAttachment, string>();
  let left = MOST_INLINED;
  return html.replace(/\bcid:([^\s"'<>()&;]{1,500})/gi, (whole, cid: string) => {
    const image = images.get(cid) ?? images.get(decoded(cid));
    if (!image || !IMAGE.test(image.contentType)) return whole;
    let url = urls.get(image);
    if (url === undefined) urls.set(image, (url = dataUrlOf(image)));
    if (url.length > left) return whole;
    left -= url.length;
    return url;
  });
}

function dataUrlOf({ contentType, bytes }: ReadAttachment): string {
  return `data:${contentType};base64,${Buffer.from(bytes).toString('base64')}`;
}

/** Characters of all embedded images, each as often as it is shown: a mail may name a large one a hundred thousand times. */
const MOST_INLINED = 64 * 1024 * 1024;
const IMAGE = /^image\/[a-z\d.+-]{1,50}$/i;

/** No frame can be told which colours it is to prefer: what asks for them is answered here. */
function shown(html: string, dark: boolean): string {
  const asked = html.replace(/\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)/gi, (_whole, scheme: string) =>
    (scheme.toLowerCase() === 'dark') === dark ? '(min-width: 0)' : '(max-width: 0)',
  );
  const scheme = dark
    ? ':root { color-scheme: dark; background: #121212; color: #e8e8e8 }'
    : ':root { color-scheme: light; background: #fff }';
  // What stands before a doctype would put the browser into another mode.
  const style = `<style>${scheme}</style>`;
  const [doctype = ''] = /^\s*<!doctype[^>]{0,300}>/i.exec(asked) ?? [];
  return `${doctype}<meta charset="utf-8">${style}${asked.slice(doctype.length)}`;
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character]!);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
