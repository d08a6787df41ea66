import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { engineOf, render, templateError } from './mails-folder.js';

describe('rendering a template', () => {
  it('fills in the context and escapes it', () => {
    expect(render('<p>{{user.name}}</p>', { user: { name: '<b>Ada</b>' } }).html).toBe('<p>&lt;b&gt;Ada&lt;/b&gt;</p>');
  });

  it('leaves {{{ }}} as it is', () => {
    expect(render('{{{note}}}', { note: '<b>x</b>' }).html).toBe('<b>x</b>');
  });

  it('escapes nothing in a text template, where < is only a character', () => {
    const { html, text } = render(
      { 'mail.hbs': '{{a}}', 'mail.txt.hbs': '{{a}} {{#each l}}{{this}}{{/each}}' },
      { a: '<&>', l: ["'"] },
    );
    expect(html).toBe('&lt;&amp;&gt;');
    expect(text).toBe("<&> '");
  });

  it('leaves the text out when there is no text template, for it to be made from the HTML', () => {
    expect(render('<p>Hi</p>').text).toBeUndefined();
  });

  it('renders a text alone', () => {
    expect(render({ 'mail.txt.hbs': 'Hi {{name}}' }, { name: 'Ada' })).toMatchObject({
      html: undefined,
      text: 'Hi Ada',
    });
  });

  it('finds templates in folders beneath, and the first of several folders wins', () => {
    const first = engineOf({ 'account/welcome.hbs': 'first' });
    const second = engineOf({ 'account/welcome.hbs': 'second', 'bye.hbs': 'bye' });
    const both = engineOf({}, { dir: [first.dir, second.dir] });
    expect(both.render('account/welcome', {})).toMatchObject({ html: 'first' });
    expect(both.render('bye', {})).toMatchObject({ html: 'bye' });
  });

  it('gives templates of an added folder its prefix, layouts and partials too', () => {
    const engine = engineOf({ 'welcome.hbs': 'welcome' });
    const feature = engineOf({
      'invoice.hbs': '---\nlayout: billing/plain\n---\n{{> billing/total}}',
      'layouts/plain.hbs': '[{{{@body}}}]',
      'partials/total.hbs': 'total',
    });
    engine.addDirectory(feature.dir, 'billing');
    engine.addDirectory(feature.dir, '/billing/');
    expect(engine.render('billing/invoice', {})).toMatchObject({ html: '[total]' });
    expect(templateError(() => engine.render('invoice', {})).message).toContain('did you mean billing/invoice?');
  });

  it('takes an added folder without a prefix for one more', () => {
    const engine = engineOf({ 'welcome.hbs': 'welcome' });
    engine.render('welcome', {});
    engine.addDirectory(engineOf({ 'bye.hbs': 'bye' }).dir);
    expect(engine.render('bye', {})).toMatchObject({ html: 'bye' });
  });

  it('names the folder, what it looked for and the nearest name when there is no such template', () => {
    const engine = engineOf({ 'welcome.hbs': '', 'goodbye.hbs': '' });
    const error = templateError(() => engine.render('welcom', {}, { locale: 'de-AT' }));
    expect(error.template).toBe('welcom');
    expect(error.message).toContain('did you mean welcome?');
    expect(error.message).toContain('welcom.de-AT.hbs, welcom.de.hbs, welcom.hbs');
    expect(error.message).toContain(engine.dir);
    expect(error).toMatchObject({ permanent: true, scope: 'message' });
  });

  it('never lets a value of the context write a tag', () => {
    const engine = engineOf({
      'mail.hbs': '<p>{{x}}</p>{{#each l}}{{this}}{{/each}}{{> p}}',
      'partials/p.hbs': '{{o.x}}',
    });
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string()), (x, l) => {
        const { html } = engine.render('mail', { x, l, o: { x } }) as { html: string };
        expect(html.slice('<p>'.length).replace('</p>', '')).not.toMatch(/[<>"']/);
      }),
    );
  });

  it('never lets a key of the context become a part of the code', () => {
    fc.assert(
      fc.property(fc.object(), (context) => {
        expect(render('{{#each this}}.{{/each}}', context).html).toBe('.'.repeat(Object.keys(context).length));
      }),
      { numRuns: 50 },
    );
  });
});

describe('rendering a text that is a template itself', () => {
  it('escapes nothing', () => {
    expect(engineOf({}).renderString('Hi {{name}}', { name: 'Ada & <Co>' }, 'subject of WelcomeMail')).toBe(
      'Hi Ada & <Co>',
    );
  });

  it('names where it stands when a variable is missing', () => {
    const error = templateError(() =>
      engineOf({}).renderString('Hi {{nmae}}', { name: 'Ada' }, 'subject of WelcomeMail'),
    );
    expect(error).toMatchObject({ template: 'subject of WelcomeMail', line: 1, column: 6, variable: 'nmae' });
    expect(error.message).toBe('subject of WelcomeMail:1:6: nmae is not there (did you mean name?)');
  });

  it('formats for the locale', () => {
    const subject = engineOf({}).renderString('{{formatNumber n}}', { n: 1234.5 }, 'subject', { locale: 'de' });
    expect(subject).toBe('1.234,5');
  });

  it('takes every text for itself, however many there are', () => {
    const engine = engineOf({});
    for (let n = 0; n < 2500; n++) expect(engine.renderString(`${n} {{x}}`, { x: n }, 'subject')).toBe(`${n} ${n}`);
    expect(engine.renderString('0 {{x}}', { x: 'again' }, 'subject')).toBe('0 again');
  });
});
