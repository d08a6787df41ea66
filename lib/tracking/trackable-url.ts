import type { HtmlLink } from './html-links.js';

/** Links that lead where they did. */
export interface UntrackedLinks {
  /** Beginnings of URLs. */
  readonly prefixes: readonly string[];
  /** Whole URLs. */
  readonly urls: ReadonlySet<string>;
}

/**
 * The URL that a browser would go to, for a link that may be tracked; `undefined` for one that is left alone: of another scheme than
 * http(s), relative, marked with `data-track="off"`, for unsubscribing, or too long.
 */
export function trackableUrl({ href, attributes }: HtmlLink, untracked: UntrackedLinks): string | undefined {
  if (attributes.get('data-track')?.trim().toLowerCase() === 'off') return undefined;
  if (/\bunsubscribe\b/i.test(attributes.get('rel') ?? '')) return undefined;
  const url = browserUrl(href);
  if (url === undefined || url.length > LONGEST_TARGET) return undefined;
  const lower = url.toLowerCase();
  if (UNSUBSCRIBING.some((word) => lower.includes(word))) return undefined;
  if (untracked.urls.has(url) || untracked.prefixes.some((prefix) => url.startsWith(prefix))) return undefined;
  return url;
}

/** An absolute http(s) URL as it is gone to: https://url.spec.whatwg.org/#concept-basic-url-parser */
function browserUrl(href: string): string | undefined {
  const text = href.replace(/[\t\n\r]/g, '').trim();
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text).href;
}

/** The URLs of a mail's `List-Unsubscribe` (RFC 2369 section 3.2). */
export function unsubscribeUrls(headers: Readonly<Record<string, string>>): ReadonlySet<string> {
  const urls = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() !== 'list-unsubscribe') continue;
    for (const [, url] of value.matchAll(/<([^<>]*)>/g)) urls.add(browserUrl(url!) ?? '');
  }
  return urls;
}

/** Whoever wants to leave must get there, whatever blocks tracking. */
const UNSUBSCRIBING = ['unsub', 'opt-out', 'opt_out', 'optout'];

/** Characters: what is tracked is a third longer at most, and Windows takes 2,083. */
const LONGEST_TARGET = 1_400;
