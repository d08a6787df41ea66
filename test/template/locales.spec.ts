import { describe, expect, it } from 'vitest';
import { type Files, engineOf, render } from './mails-folder.js';

const html = { 'mail.hbs': 'en', 'mail.de.hbs': 'de', 'mail.de-AT.hbs': 'de-AT' };

describe('the locale of a mail', () => {
  it.each([
    ['de-AT', 'de-AT'],
    ['de_at', 'de-AT'],
    ['de-CH', 'de'],
    ['de-AT-u-ca-gregory', 'de-AT'],
    ['de', 'de'],
    ['fr-FR', 'en'],
    [undefined, 'en'],
    ['', 'en'],
    ['no language', 'en'],
    ['../de', 'en'],
  ])('%s is written to in %s', (locale, expected) => {
    expect(render(html, {}, { locale }).html).toBe(expected);
  });

  it('may be spelled as one likes in a file name', () => {
    expect(render({ 'mail.hbs': 'en', 'mail.zh_hant.hbs': 'zh' }, {}, { locale: 'zh-Hant-TW' }).html).toBe('zh');
    expect(
      render(
        { 'mail.hbs': 'en', 'mail.txt.hbs': 'en', 'mail.de.hbs': 'de', 'mail.txt.de.hbs': 'text' },
        {},
        { locale: 'de' },
      ).text,
    ).toBe('text');
  });

  it('is no part of a name that only looks like one', () => {
    const engine = engineOf({ 'release.v2.hbs': 'v2', 'mail.new.hbs': 'new', 'mail.hbs': 'old' });
    expect(engine.render('release.v2', {})).toMatchObject({ html: 'v2' });
    expect(engine.render('mail.new', {}, { locale: 'de' })).toMatchObject({ html: 'new' });
    expect(engine.render('mail', {}, { locale: 'de' })).toMatchObject({ html: 'old' });
  });

  it('brings the subject of its own file', () => {
    const files = { 'mail.hbs': '---\nsubject: Hello\n---\n', 'mail.de.hbs': '---\nsubject: Hallo\n---\n' };
    expect(render(files, {}, { locale: 'de-AT' }).subject).toBe('Hallo');
  });

  const languages: [what: string, files: Files, locale: string, expected: { html?: string; text?: string }][] = [
    [
      'both in the language',
      { ...html, 'mail.de.txt.hbs': 'Text de', 'mail.txt.hbs': 'text' },
      'de',
      { html: 'de', text: 'Text de' },
    ],
    ['the text in another language only', { ...html, 'mail.txt.hbs': 'text' }, 'de', { html: 'de', text: undefined }],
    [
      'the text of a less special locale',
      { ...html, 'mail.de.txt.hbs': 'Text de' },
      'de-AT',
      { html: 'de-AT', text: undefined },
    ],
    [
      'the HTML in another language only',
      { 'mail.hbs': 'en', 'mail.txt.hbs': 'text', 'mail.de.txt.hbs': 'Text de' },
      'de',
      { html: 'en', text: 'text' },
    ],
    [
      'a text alone',
      { 'mail.txt.hbs': 'text', 'mail.de.txt.hbs': 'Text de' },
      'de-AT',
      { html: undefined, text: 'Text de' },
    ],
  ];

  it.each(languages)('never mixes languages: %s', (_, files, locale, expected) => {
    const rendered = render(files, {}, { locale });
    expect({ html: rendered.html, text: rendered.text }).toEqual(expected);
  });

  it('does not take the text of another folder', () => {
    const shared = engineOf({ 'mail.hbs': 'shared', 'mail.txt.hbs': 'shared text' });
    const own = engineOf({ 'mail.hbs': 'own' });
    expect(engineOf({}, { dir: [own.dir, shared.dir] }).render('mail', {})).toMatchObject({
      html: 'own',
      text: undefined,
    });
  });

  it('chooses layouts and partials too, each with its own fallback', () => {
    const files = {
      'mail.hbs': '{{> greeting}}{{> sign}}',
      'partials/greeting.hbs': 'Hello',
      'partials/greeting.de.hbs': 'Hallo',
      'partials/sign.hbs': '!',
      'layouts/base.hbs': 'en[{{{@body}}}]',
      'layouts/base.de-AT.hbs': 'de-AT[{{{@body}}}]',
    };
    expect(render(files, {}, { layout: 'base', locale: 'de-AT' }).html).toBe('de-AT[Hallo!]');
    expect(render(files, {}, { layout: 'base', locale: 'de' }).html).toBe('en[Hallo!]');
    expect(render(files, {}, { layout: 'base' }).html).toBe('en[Hello!]');
  });

  it('reaches helpers as @locale, as the caller gave it', () => {
    const t = (key: string, options: { data: { locale: string } }) => `${options.data.locale}:${key}`;
    expect(
      render({ 'mail.hbs': '{{#each l}}{{t this}}{{/each}}' }, { l: ['x'] }, { helpers: { t }, locale: 'fr-ca' }).html,
    ).toBe('fr-CA:x');
  });

  it('may be any text, of which none is kept for long', () => {
    const engine = engineOf(html);
    for (let n = 0; n < 3000; n++)
      expect(engine.render('mail', {}, { locale: `de-x-${n}` })).toMatchObject({ html: 'de' });
  });
});
