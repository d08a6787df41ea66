import fc from 'fast-check';
import { parse, serialize } from 'parse5';
import { describe, expect, it } from 'vitest';
import { findLinks, type HtmlLinks } from '../../lib/tracking/html-links.js';
import { filledHtml, trackedHtml } from '../../lib/tracking/track-html.js';
import { NEWSLETTERS } from './newsletters.js';

const NOTHING = { prefixes: [], urls: new Set<string>() };
const BOTH = { opens: true, clicks: true };
const PIXEL = '<img src="https://t.test/o/1"/>';

/** With links that name where they lead to. */
function track(html: string, what = BOTH, untracked: Parameters<typeof trackedHtml>[2] = NOTHING): string {
  const tracked = trackedHtml(html, what, untracked);
  if (typeof tracked === 'string') return tracked;
  return filledHtml(tracked, (url) => (url === null ? PIXEL : `https://t.test/c/${Buffer.from(url).toString('hex')}`));
}

/** Where its tracked links lead to, in order. */
function targets(html: string): string[] {
  return [...html.matchAll(/https:\/\/t\.test\/c\/([\da-f]+)/g)].map(([, hex]) => Buffer.from(hex!, 'hex').toString());
}

describe('links in HTML', () => {
  it('are tracked in anchors, areas, and what Outlook reads in comments, and nowhere else', () => {
    const tracked = track(NEWSLETTERS[0]!.html);
    expect(targets(tracked)).toEqual([
      'https://www.acme.test/?utm_source=newsletter&utm_medium=email',
      'https://www.acme.test/sale?a=1&b=2&copy=3',
      'https://www.acme.test/unquoted?x=1&y=2',
      'https://www.acme.test/map',
      'https://www.acme.test/button?a=1&b=2',
      'https://www.acme.test/button?a=1&b=2',
      'https://www.acme.test/revealed',
    ]);
  });

  it.each(NEWSLETTERS)('leave every other byte as it was: $name', ({ html }) => {
    const tracked = trackedHtml(html, BOTH, NOTHING);
    if (typeof tracked === 'string') throw new Error(tracked);
    const found = findLinks(html);
    if (typeof found === 'string') throw new Error(found);
    // Put back what was there, and it is the same text.
    const values = found.links.filter(({ href }) => URL.canParse(href) && tracked.gaps.includes(new URL(href).href));
    const before = values.map(({ start, end }) => html.slice(start, end));
    expect(filledHtml(tracked, (url) => (url === null ? '' : before.shift()!))).toBe(html);
    expect(before).toEqual([]);
  });

  it.each(NEWSLETTERS)('are the only thing that a browser sees changed: $name', ({ html }) => {
    const clicks = track(html, { opens: false, clicks: true });
    expect(plain(clicks)).toBe(plain(html));
    const opens = track(html, { opens: true, clicks: false });
    expect(serialize(parse(opens)).replace('<img src="https://t.test/o/1">', '')).toBe(serialize(parse(html)));
  });

  it('are found where a browser finds them, whatever the text', () => {
    const piece = fc.constantFrom(
      '<a href="https://acme.test/1">',
      "<a HREF='https://acme.test/2?a'>",
      '<a href=https://acme.test/3>',
      '</a>',
      '<p>',
      '</p>',
      'text',
      '&amp;',
      '\r\n',
      '<!-- ',
      ' -->',
      '<!--[if mso]>',
      '<![endif]-->',
      '<title>',
      '</title>',
      '<style>',
      '</style>',
      '<script>',
      '</script>',
      '<svg>',
      '</svg>',
      '<textarea>',
      '</textarea>',
      '"',
      "'",
      '<',
      '>',
      '/>',
      '<div class="',
      '<area href="https://acme.test/4" />',
      '</body>',
      '<body>',
      '<table>',
      '<td>',
      '</table>',
      '\0',
      '😀',
      '<br/>',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const html = pieces.join('');
        const tracked = track(html);
        if (!tracked.includes('https://t.test/')) return;
        // Markup that only our own reading made different would show here.
        const back = tracked
          .replace(PIXEL, '')
          .replaceAll(/https:\/\/t\.test\/c\/([\da-f]+)/g, (_, hex: string) => Buffer.from(hex, 'hex').toString());
        expect(plain(back)).toBe(plain(html));
        expect(findLinks(tracked)).toMatchObject({
          links: { length: (findLinks(html) as HtmlLinks).links.length },
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it('are left alone where they are for unsubscribing, marked, or named in the configuration', () => {
    const html =
      '<a href="https://acme.test/x/unsubscribe/1">1</a><a rel=unsubscribe href="https://acme.test/2">2</a>' +
      '<a href="https://acme.test/3" data-track=" OFF ">3</a><a href="https://acme.test/account/4">4</a><a href="https://acme.test/5">5</a>';
    const untracked = { prefixes: ['https://acme.test/account'], urls: new Set(['https://acme.test/5']) };
    expect(track(html, { opens: false, clicks: true }, untracked)).toBe(html);
    const short = '<a href="https://acme.test/unsub/1">1</a><a href="https://acme.test/?u=opt_out">2</a>';
    expect(track(short, { opens: false, clicks: true })).toBe(short);
  });

  it('keep what entities and umlauts in them mean', () => {
    const html = '<a href=" https://Bücher.test/a?b=1&amp;c=&quot;2&quot;&#38;d=&lt;&eacute; ">x</a>';
    expect(targets(track(html))).toEqual(['https://xn--bcher-kva.test/a?b=1&c=%222%22&d=%3C%C3%A9']);
  });
});

describe('the image that is not seen', () => {
  it('stands before the end of the body, else at the end', () => {
    expect(track('<html><body><p>Hi</p></body></html>')).toBe(`<html><body><p>Hi</p>${PIXEL}</body></html>`);
    expect(track('<html><body>1</body></html><body>2</BODY >\n')).toBe(
      `<html><body>1</body></html><body>2${PIXEL}</BODY >\n`,
    );
    expect(track('<p>Hi</p>')).toBe(`<p>Hi</p>${PIXEL}`);
    expect(track('<body><!-- </body> --><style></body></style>Hi')).toBe(
      `<body><!-- </body> --><style></body></style>Hi${PIXEL}`,
    );
    expect(track('')).toBe(PIXEL);
  });
});

describe('HTML that no parser likes', () => {
  it('is not touched where it has more links than anybody reads, in comments as well', () => {
    const links = Array.from({ length: 2_001 }, (_, n) => `<a href=https://acme.test/${n}>`);
    const within = `<!--[if mso]>${links.join('')}<![endif]-->`;
    const each = links.map((link) => `<!--[if mso]>${link}<![endif]-->`).join('');
    for (const html of [links.join(''), within, each])
      expect(trackedHtml(html, BOTH, NOTHING)).toBe('it has more than 2000 links');
    expect(trackedHtml(links.slice(1).join(''), BOTH, NOTHING)).toMatchObject({ gaps: { length: 2_001 } });
  });

  it.each([
    ['an open comment', '<p>Hi</p><!-- '],
    ['an open quote', '<p>Hi</p><a href="https://acme.test/'],
    ['an open script', '<p>Hi</p><script>'],
    ['an open style', '<body><style>a{}</body>'],
    ['plain text to the end', '<p>Hi<plaintext></body>'],
  ])('is not touched where something would be lost in it: %s', (_, html) => {
    expect(trackedHtml(html, BOTH, NOTHING)).toMatch(/^it ends within/);
  });

  it.each([
    ['1 MB of <', '<'.repeat(999_999) + ' '],
    ['200,000 elements, one in the other', '<div>'.repeat(199_999)],
    ['links in links', '<a href=https://acme.test/>'.repeat(35_000)],
    ['formatting in formatting', '<b><i><font>'.repeat(80_000)],
    [
      'a tag of 400,000 attributes',
      `<a ${Array.from({ length: 400_000 }, (_, n) => n.toString(36)).join(' ')}`.slice(0, 1_000_000),
    ],
    ['the same with an end', `<a ${Array.from({ length: 190_000 }, (_, n) => n.toString(36)).join(' ')}>`],
    ['one attribute', `<a href="https://acme.test/${'&'.repeat(950_000)}">`],
    ['comments in comments', '<!--[if mso]>'.repeat(75_000)],
    ['conditional comments', '<!--[if mso]><a href="x"><![endif]-->'.repeat(25_000)],
    ['3 MB', 'x'.repeat(3_000_000)],
    ['ends of elements that never began', '</p></body></svg>'.repeat(55_000)],
  ])('takes no longer than any text of its length: %s', (_, html) => {
    const start = performance.now();
    trackedHtml(html, BOTH, NOTHING);
    // What it takes is some milliseconds; what must not be is some minutes.
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

/** As a browser has it, without where links lead to. */
function plain(html: string): string {
  return serialize(parse(html))
    .replaceAll(/(<!--\[if mso\]>)?href="[^"]*"/g, 'href=""')
    .replaceAll(/href="[^"]*"/g, 'href=""');
}
