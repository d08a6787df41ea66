import { expect, it } from 'vitest';
import { linksOf } from '../../lib/console/view/mail-links.js';
import type { ReadMessage } from '../../lib/console/view/read-message.js';
import { scanHtml } from '../../lib/console/view/scan-html.js';
import { warningsOf } from '../../lib/console/warnings/warnings.js';

function codesOf(part: Partial<ReadMessage>, stream = 'transactional'): string[] {
  const message: ReadMessage = {
    subject: 'Hi',
    from: 'a@x.test',
    to: [],
    cc: [],
    replyTo: [],
    headers: [],
    attachments: [],
    size: 1,
    ...part,
  };
  return warningsOf({ message, links: linksOf(message), stream }).map(({ code }) => code);
}

const html = (body: string): Partial<ReadMessage> => ({ html: body, text: 'Hi' });

it.each<[code: string, wrong: Partial<ReadMessage>, right: Partial<ReadMessage>]>([
  ['no-subject', { subject: ' ', text: 'Hi' }, { text: 'Hi' }],
  ['long-subject', { subject: 'x'.repeat(71), text: 'Hi' }, { subject: 'x'.repeat(70), text: 'Hi' }],
  ['template-left', { text: 'Hi {{name}}' }, { text: 'Hi {name}' }],
  ['undefined-left', { subject: 'Hi undefined', text: 'Hi' }, { subject: 'Hi Ada', text: 'Hi' }],
  ['no-text', { html: '<p>Hi</p>' }, html('<p>Hi</p>')],
  ['empty', {}, { text: 'Hi' }],
  ['clipped', html('x'.repeat(102 * 1024 + 1)), html('x'.repeat(102 * 1024))],
  ['no-alt', html('<img src=a.png>'), html('<img src=a.png alt=""><img src="p.gif" width="1" height="1">')],
  [
    'no-size',
    html('<img alt="" src="https://x.test/a.png">'),
    html('<img alt="" src="https://x.test/a.png" width=10>'),
  ],
  ['no-lang', html('<html><p>Hi'), html('<html lang="en"><p>Hi')],
  ['form', html('<form></form>'), html('<!-- <form></form> -->')],
  ['script', html('<SCRIPT>x</SCRIPT>'), html('<p title="<script>">Hi')],
  ['link', html('<a href="http://x.test">Hi</a>'), html('<a href="https://x.test">Hi</a>')],
  ['css-display-grid', html('<p style="display : GRID">'), html('<p>display: grid')],
  [
    'css-position',
    html('<style>a{top:0;position:absolute}</style>'),
    html('<style>a{background-position:top}</style>'),
  ],
  ['css-variables', html('<style>:root { --brand: red }</style>'), html('<!--[if mso]><p><![endif]-->')],
  ['css-animation', html('<p style="animation: x 1s">'), html('<p style="color: red">')],
  [
    'image-svg',
    html('<img alt="" src="cid:x"><img alt="" src="https://x.test/a.SVG?1">'),
    html('<img alt="" src="https://x.test/svg">'),
  ],
  ['html-link', html('<link rel="stylesheet" href="https://x.test/a.css">'), html('<p>link')],
])('warns of %s, and not where it is right', (code, wrong, right) => {
  expect(codesOf(wrong)).toContain(code);
  expect(codesOf(right)).not.toContain(code);
});

it('wants an unsubscribe header of broadcasts only', () => {
  expect(codesOf({ text: 'Hi' }, 'broadcast')).toContain('no-unsubscribe');
  expect(codesOf({ text: 'Hi' })).not.toContain('no-unsubscribe');
  expect(codesOf({ text: 'Hi', headers: [['List-Unsubscribe', '<https://x.test>']] }, 'broadcast')).not.toContain(
    'no-unsubscribe',
  );
});

it('reads links out of whatever looks like HTML', () => {
  const links = linksOf({
    html: `<a href='mailto:a@x.test'>Mail <b>us</b></a><a name=x>no</a><area href=tel:+1 alt="Call"><a href="#top">top</a><a href="https://x.test/?a&amp;b`,
  });
  expect(links.map(({ url, text, kind }) => [url, text, kind])).toEqual([
    ['mailto:a@x.test', 'Mail us', 'mailto'],
    ['tel:+1', 'Call', 'tel'],
    ['#top', 'top', 'anchor'],
    ['https://x.test/?a&b', '', 'http'],
  ]);
});

it('looks at HTML that no parser likes in one pass', () => {
  for (const part of ['<', '<!--', '<a ', '<a href="', "<a b='", '<script>', '</', '<a href=x ', '&#x', '<style>/*'])
    expect([...scanHtml(part.repeat(100_000))].length).toBeLessThan(100_001);
  const many = '<p style="a:b">'.repeat(50_000);
  expect(codesOf(html(many))).not.toContain('script');
});

it('takes no longer for CSS whose comments are never closed than for as many letters', () => {
  const took = (count: number): number => {
    const style = `<style>${'/*a'.repeat(count)}</style>`;
    const times = [1, 2, 3].map(() => {
      const from = performance.now();
      codesOf(html(style));
      return performance.now() - from;
    });
    return Math.min(...times);
  };
  took(2_000);
  expect(took(16_000) / Math.max(1, took(2_000))).toBeLessThan(24);
});

it('does not look for CSS in its comments', () => {
  expect(codesOf(html('<style>/* a{display:flex} **/ b{color:red} /* {display:flex}</style>'))).not.toContain(
    'css-display-flex',
  );
  expect(codesOf(html('<style>/* a */b{display:flex}/* c */</style>'))).toContain('css-display-flex');
});
