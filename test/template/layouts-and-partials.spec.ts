import { describe, expect, it } from 'vitest';
import { engineOf, render, templateError } from './mails-folder.js';

const layouts = {
  'layouts/base.hbs': '<base>{{{@body}}}</base>',
  'layouts/other.hbs': '<other>{{{@body}}}</other>',
};

describe('a layout', () => {
  const engine = engineOf.bind(undefined, {
    ...layouts,
    'plain.hbs': 'plain',
    'own.hbs': '---\nlayout: other\n---\nown',
    'none.hbs': '---\nlayout: false\n---\nnone',
  });

  it('of the options of send() wins over the front matter, and that over the configuration', () => {
    const mails = engine({ layout: 'base' });
    expect(mails.render('plain', {})).toMatchObject({ html: '<base>plain</base>' });
    expect(mails.render('own', {})).toMatchObject({ html: '<other>own</other>' });
    expect(mails.render('none', {})).toMatchObject({ html: 'none' });
    expect(mails.render('own', {}, { layout: 'base' })).toMatchObject({ html: '<base>own</base>' });
    expect(mails.render('none', {}, { layout: 'base' })).toMatchObject({ html: '<base>none</base>' });
    expect(mails.render('own', {}, { layout: false })).toMatchObject({ html: 'own' });
  });

  it('knows the subject, the preheader, the locale and the context', () => {
    const files = {
      'mail.hbs': '---\nsubject: Hi {{name}}\npreheader: Look & see\n---\nx',
      'layouts/base.hbs': '{{@subject}}|{{@preheader}}|{{@locale}}|{{name}}|{{{@body}}}',
    };
    expect(render(files, { name: '<Ada>' }, { layout: 'base', locale: 'de_at' }).html).toBe(
      'Hi &lt;Ada&gt;|Look &amp; see|de-AT|&lt;Ada&gt;|x',
    );
  });

  it('that places the preheader itself gets no second one', () => {
    const files = {
      'mail.hbs': '---\npreheader: Look\n---\nx',
      'layouts/base.hbs': '<p>{{@preheader}}</p>{{{@body}}}',
    };
    expect(render(files, {}, { layout: 'base' }).html).toBe('<p>Look</p>x');
  });

  it('has an empty subject where neither the front matter nor the caller names one', () => {
    const mails = engineOf({ 'mail.hbs': 'x', 'layouts/base.hbs': '[{{@subject}}]{{{@body}}}' }, { layout: 'base' });
    expect(mails.render('mail', {})).toMatchObject({ html: '[]x', subject: undefined });
    expect(mails.render('mail', {}, { subject: 'given' })).toMatchObject({ html: '[given]x' });
  });

  it('may stand in a layout of its own', () => {
    const files = { 'mail.hbs': 'x', 'layouts/inner.hbs': '---\nlayout: base\n---\n<i>{{{@body}}}</i>', ...layouts };
    expect(render(files, {}, { layout: 'inner' }).html).toBe('<base><i>x</i></base>');
  });

  it('has a text version for texts, and a text without one stands alone', () => {
    const files = { 'mail.hbs': 'x', 'mail.txt.hbs': 'x & {{y}}', ...layouts, 'layouts/base.txt.hbs': '[{{@body}}]' };
    expect(render(files, { y: '<' }, { layout: 'base' })).toMatchObject({ html: '<base>x</base>', text: '[x & <]' });
    expect(render(files, { y: '<' }, { layout: 'other' })).toMatchObject({ text: 'x & <' });
  });

  it('is an error when it is not there, or goes round in a circle', () => {
    expect(templateError(() => render({ ...layouts, 'mail.hbs': '---\nlayout: bse\n---\n' })).message).toContain(
      'bse: there is no layout of that name (did you mean base?)',
    );
    const circle = {
      'mail.hbs': '',
      'layouts/a.hbs': '---\nlayout: b\n---\n',
      'layouts/b.hbs': '---\nlayout: a\n---\n',
    };
    expect(() => render(circle, {}, { layout: 'a' })).toThrow('layouts name each other without end: a, b, a');
  });

  it('is no template', () => {
    expect(() => engine().render('layouts/base', {})).toThrow('there is no template of that name');
  });
});

describe('a partial', () => {
  it('is named by its path, and takes a context or arguments', () => {
    const files = {
      'mail.hbs':
        '{{> button href=url label="Go"}}{{> parts/user user}}{{#> box}}inside{{/box}}{{#> none}}instead{{/none}}',
      'partials/button.hbs': '<a href="{{href}}">{{label}}</a>',
      'partials/parts/user.hbs': '{{name}}',
      'partials/box.hbs': '[{{> @partial-block}}]',
    };
    expect(render(files, { url: 'https://x.test', user: { name: 'Ada' } }).html).toBe(
      '<a href="https://x.test">Go</a>Ada[inside]instead',
    );
  });

  it('may be chosen by a value, or stand in the template', () => {
    const files = {
      'mail.hbs': '{{> (lookup this "which")}}{{#*inline "x"}}inline{{/inline}}{{> x}}',
      'partials/a.hbs': 'A',
    };
    expect(render(files, { which: 'a' }).html).toBe('Ainline');
    expect(() => render(files, { which: '../mail' })).toThrow('there is no partial "../mail"');
  });

  it('that a block gives to another partial is found', () => {
    const files = {
      'mail.hbs': '{{#> page}}{{#*inline "title"}}T{{/inline}}{{/page}}',
      'partials/page.hbs': '<h1>{{> title}}</h1>',
    };
    expect(render(files).html).toBe('<h1>T</h1>');
  });

  it('lies in the folder that the options name', () => {
    expect(render({ 'mail.hbs': '{{> a}}', 'shared/bits/a.hbs': 'A' }, {}, { partials: 'shared/bits/' }).html).toBe(
      'A',
    );
  });

  it('of a text is a text too', () => {
    const files = { 'mail.txt.hbs': '{{> sign}}', 'partials/sign.txt.hbs': 'by {{name}}', 'partials/sign.hbs': '<p>' };
    expect(render(files, { name: '<Ada>' }).text).toBe('by <Ada>');
    expect(() => render({ 'mail.txt.hbs': '{{> sign}}', 'partials/sign.hbs': '<p>' })).toThrow(
      'mail.txt.hbs:1:1: there is no partial "sign"; it would be the file sign.txt.hbs',
    );
  });

  it('uses helpers that the template around it does not', () => {
    const files = { 'mail.hbs': '{{> a}}', 'partials/a.hbs': '{{shout (join list)}}' };
    const helpers = { shout: (value: string) => value.toUpperCase() };
    expect(render(files, { list: ['a', 'b'] }, { helpers }).html).toBe('A, B');
  });
});

it('an inline partial of a mail that failed is not in the next one', () => {
  const mails = engineOf({
    'mail.hbs':
      'Dear {{name}} {{#if special}}{{#*inline "footer"}}SPECIAL for {{../name}}{{/inline}}{{missing}}{{/if}}{{> footer}}',
    'partials/footer.hbs': 'ordinary footer',
  });
  const bob = { name: 'Bob', special: false };
  expect(mails.render('mail', bob)).toMatchObject({ html: 'Dear Bob ordinary footer' });
  expect(() => mails.render('mail', { name: 'Ada', special: true })).toThrow('missing');
  expect(mails.render('mail', bob)).toMatchObject({ html: 'Dear Bob ordinary footer' });
});
