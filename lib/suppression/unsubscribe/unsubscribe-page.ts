import { createHash } from 'node:crypto';
import { html, htmlToString } from '../../mail/html.js';

export interface UnsubscribePage {
  readonly language: string;
  /** Whose mails they are. */
  readonly sender?: string;
  readonly title: string;
  readonly words: string;
  /** What its button posts, and is called. */
  readonly button?: { readonly action: 'unsubscribe' | 'subscribe'; readonly label: string };
}

/**
 * A page without scripts, images or fonts. Its form has no `action`, and so posts to the very address of the page, whatever stands in
 * front of the application.
 */
export function unsubscribePage({ language, sender, title, words, button }: UnsubscribePage): string {
  const page = html`<!doctype html>
<html lang="${language}" dir="auto">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="color-scheme" content="light dark">
<title>${sender === undefined ? title : `${title} – ${sender}`}</title>
`;
  const body = html`</head>
<body>
<main>
${sender !== undefined && html`<p class="sender">${sender}</p>`}
<h1>${title}</h1>
<p role="status">${words}</p>
${button && html`<form method="post"><button name="action" value="${button.action}">${button.label}</button></form>`}
</main>
</body>
</html>
`;
  return `${htmlToString(page)}<style>${STYLE}</style>\n${htmlToString(body)}`;
}

/** Colours have a contrast of 7 to 1 at least (WCAG 2.2, 1.4.6); the button is 44 pixels high (2.5.5). */
const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--accent:#0b4a8f;--on:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--paper:#16181b;--accent:#a9cbff;--on:#0b1a2b}}
body{margin:0;background:var(--paper);color:var(--ink);font:1.125rem/1.5 system-ui,sans-serif}
main{max-width:32rem;margin:0 auto;padding:15vh 1.5rem 2rem}
h1{font-size:1.75rem;line-height:1.25;margin:0 0 1rem}
p{margin:0 0 1.5rem;overflow-wrap:anywhere}
.sender{font-weight:600;margin:0 0 .5rem}
button{font:inherit;font-weight:600;min-height:2.75rem;padding:.5rem 1.5rem;border:2px solid var(--accent);border-radius:.5rem;background:var(--accent);color:var(--on);cursor:pointer}
button:focus-visible{outline:3px solid var(--ink);outline-offset:3px}
`;

/** Nothing is loaded, framed or sent elsewhere; the one style is known by its hash (CSP level 3, section 2.3.1). */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  // The address of the page is a secret.
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'X-Robots-Tag': 'noindex, nofollow',
};

/** Enough for its owner to know it by. */
export function hiddenAddress(address: string): string {
  const at = address.lastIndexOf('@');
  return `${Array.from(address.slice(0, at))[0] ?? ''}•••${address.slice(at)}`;
}
