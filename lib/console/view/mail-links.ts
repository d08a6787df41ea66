import { scanHtml, textBetween } from './scan-html.js';

/** Somewhere that a mail leads to. */
export interface MailLink {
  readonly url: string;
  /** What is read of it. */
  readonly text: string;
  readonly kind: 'http' | 'mailto' | 'tel' | 'anchor' | 'other';
  readonly warning?: string;
}

/** The links of a mail's HTML; without one, the addresses in its text. */
export function linksOf({ html, text }: { html?: string; text?: string }): MailLink[] {
  return html === undefined ? linksInText(text ?? '') : linksInHtml(html);
}

function linksInHtml(html: string): MailLink[] {
  const links: MailLink[] = [];
  let open: { url: string; from: number } | undefined;
  const end = (to: number): void => {
    if (open) links.push(linkOf(open.url, textBetween(html, open.from, Math.min(to, open.from + LONGEST_TEXT))));
    open = undefined;
  };
  for (const { name, closing, attributes, from, to } of scanHtml(html)) {
    if (links.length >= MOST_LINKS) break;
    if (name === 'area' && !closing) links.push(linkOf(attributes.get('href') ?? '', attributes.get('alt') ?? ''));
    if (name !== 'a') continue;
    end(from);
    const url = attributes.get('href');
    // Without an address it is a place to jump to.
    if (!closing && url !== undefined) open = { url, from: to };
  }
  end(html.length);
  return links;
}

function linksInText(text: string): MailLink[] {
  return [...text.matchAll(/\bhttps?:\/\/[^\s<>"']{1,2000}/gi)]
    .slice(0, MOST_LINKS)
    .map(([url]) => linkOf(url.replace(/[.,;:!?)\]]{1,3}$/, ''), ''));
}

function linkOf(given: string, text: string): MailLink {
  const url = given.trim().slice(0, LONGEST_URL);
  const warning = warningOf(url);
  return { url, text: text.slice(0, LONGEST_TEXT), kind: kindOf(url), ...(warning !== undefined && { warning }) };
}

function kindOf(url: string): MailLink['kind'] {
  const [, scheme = ''] = /^([a-z][a-z\d+.-]{0,30}):/i.exec(url) ?? [];
  if (url.startsWith('#')) return 'anchor';
  return KINDS[scheme.toLowerCase()] ?? 'other';
}

const KINDS: Readonly<Record<string, MailLink['kind']>> = { http: 'http', https: 'http', mailto: 'mailto', tel: 'tel' };

function warningOf(url: string): string | undefined {
  if (url === '') return 'It leads nowhere: its href is empty';
  if (/^javascript:/i.test(url)) return 'No mail program runs scripts';
  if (/\{\{|\}\}/.test(url)) return 'A template’s braces are left in it';
  if (url === '#') return 'It leads nowhere: its href is #';
  if (kindOf(url) === 'other') return 'It has no scheme that mail programs know: write https://';
  if (kindOf(url) !== 'http') return undefined;
  if (!URL.canParse(url)) return 'It is no URL';
  const { hostname, protocol } = new URL(url);
  if (/^(?:localhost|127\.[\d.]+|\[::1\]|0\.0\.0\.0)$/.test(hostname) || hostname.endsWith('.localhost'))
    return 'It leads to the machine of whoever reads it';
  return protocol === 'http:' ? 'It is not encrypted: write https://' : undefined;
}

const MOST_LINKS = 500;
const LONGEST_URL = 4_000;
const LONGEST_TEXT = 500;
