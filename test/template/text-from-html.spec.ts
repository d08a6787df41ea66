import { describe, expect, it } from 'vitest';
import { withPreheader } from '../../lib/template/preheader.js';
import { textFromHtml } from '../../lib/template/text-from-html.js';

describe('the text of an HTML mail', () => {
  it('has its paragraphs, headings and lists', () => {
    expect(textFromHtml('<h1>Hi Ada</h1><p>One<br>two &amp; three</p><ul><li>a</li><li>b</li></ul><p>End</p>')).toBe(
      'Hi Ada\n\nOne\ntwo & three\n\n- a\n- b\n\nEnd',
    );
  });

  it('is cut where elements are nested deeper than anybody writes', () => {
    const deep = '<b>'.repeat(20_000);
    expect(textFromHtml(`<p>Hello</p>${deep}deep`)).toMatch(/^Hello\n\n/);
    expect(textFromHtml(`<p>Hello</p><table><tr><td>${deep}deep</td></tr></table>`)).toMatch(/^Hello\n/);
  });

  it('keeps links, behind their words or alone', () => {
    const url = 'https://x.test/confirm?token=a&b=1';
    expect(textFromHtml(`<a href="${url.replace('&', '&amp;')}">Confirm</a>`)).toBe(`Confirm <${url}>`);
    expect(textFromHtml('<a href="https://x.test">https://x.test</a>')).toBe('https://x.test');
    expect(textFromHtml('<a href="mailto:a@x.test">a@x.test</a>')).toBe('a@x.test');
    expect(textFromHtml('<a href="#top">Top</a>')).toBe('Top');
    expect(textFromHtml('<a href="https://x.test"><img src="cid:1" alt="Shop"></a>')).toBe('Shop <https://x.test>');
  });

  it('has the alt of images, and nothing of those without', () => {
    expect(textFromHtml('<p><img src="cid:a" alt="Logo"> Hi<img src="https://x.test/pixel.gif"></p>')).toBe('Logo Hi');
  });

  it('leaves out the preheader and whatever else is hidden', () => {
    expect(textFromHtml(withPreheader('<body><p>Hi</p></body>', 'Preview'))).toBe('Hi');
    for (const hidden of [
      '<div style="display:none">x</div>',
      '<span style="color: red; display: none;">x</span>',
      '<p hidden>x</p>',
      '<span class="preheader">x</span>',
      '<style>p{}</style>',
      '<script>x</script>',
    ]) {
      expect(textFromHtml(`<html><head><title>T</title></head><body>${hidden}<p>Hi</p></body></html>`)).toBe('Hi');
    }
    expect(textFromHtml('<title>T</title><p>Hi</p>')).toBe('Hi');
  });

  it('sets a table of data in columns, and one for the layout in blocks', () => {
    const data = '<table><tr><th>Item</th><th>Price</th></tr><tr><td>Tea</td><td>3</td></tr></table>';
    expect(textFromHtml(data)).toBe('Item   Price\nTea    3');
    expect(textFromHtml(`<table><tr><td><p>Hi</p>${data}</td></tr></table>`)).toBe('Hi\n\nItem   Price\nTea    3');
    expect(textFromHtml('<table><tr><td><h1>Hi</h1></td></tr><tr><td>Ada</td></tr></table>')).toBe('Hi\n\nAda');
  });

  it('does not wrap lines', () => {
    const words = Array.from({ length: 100 }, () => 'word').join(' ');
    expect(textFromHtml(`<p>${words}</p>`)).toBe(words);
  });

  it('takes what is no HTML for text, and nothing for nothing', () => {
    expect(textFromHtml('just 1 < 2 text')).toBe('just 1 < 2 text');
    expect(textFromHtml('')).toBe('');
    expect(textFromHtml('<p>open <b>tags')).toBe('open tags');
  });
});
