import { describe, expect, it } from 'vitest';
import { MailTemplateError } from '../../lib/errors/mail-template.error.js';
import { engineOf, templateError } from './mails-folder.js';

/** `$name` is replaced. */
const dollar = (source: string) => (context: object) =>
  source.replace(/\$(\w+)/g, (_, name: string) => String((context as Record<string, unknown>)[name]));

describe('an engine for a file extension', () => {
  it('renders its files, with front matter, locales and layouts as Handlebars has them', () => {
    const engine = engineOf(
      {
        'mail.pug': '---\nsubject: Hi {{name}}\n---\nHello $name',
        'mail.de.pug': '---\nsubject: Hallo {{name}}\n---\nHallo $name',
        'mail.txt.pug': 'Text $name',
        'layouts/base.hbs': '<title>{{@subject}}</title>{{{@body}}}',
      },
      { engines: { pug: dollar }, layout: 'base' },
    );
    expect(engine.render('mail', { name: 'Ada' })).toMatchObject({
      subject: 'Hi Ada',
      html: '<title>Hi Ada</title>Hello Ada',
      text: 'Text Ada',
    });
    expect(engine.render('mail', { name: 'Ada' }, { locale: 'de' })).toMatchObject({
      html: '<title>Hallo Ada</title>Hallo Ada',
      text: undefined,
    });
  });

  it('compiles once, and is told the file', () => {
    const compiled: string[] = [];
    const pug = (source: string, file: string) => {
      compiled.push(file);
      return () => source;
    };
    const engine = engineOf({ 'mail.pug': 'x' }, { engines: { pug } });
    engine.render('mail', {});
    engine.render('mail', {}, { locale: 'de' });
    expect(compiled).toEqual([`${engine.dir}/mail.pug`]);
  });

  it('may take its time', async () => {
    const pug = (source: string) => async (context: object) => dollar(source)(context);
    const files = { 'mail.pug': 'Hi $name', 'mail.txt.hbs': 'text', 'layouts/base.hbs': '[{{{@body}}}]' };
    const rendered = engineOf(files, { engines: { pug } }).render('mail', { name: 'Ada' }, { layout: 'base' });
    expect(rendered).toBeInstanceOf(Promise);
    expect(await rendered).toMatchObject({ html: '[Hi Ada]', text: 'text' });
  });

  it('has its errors named after the file', async () => {
    const engines = {
      broken: () => {
        throw new Error('line 3');
      },
      late: () => async () => Promise.reject(new Error('no data')),
      odd: () => () => 42 as unknown as string,
    };
    const engine = engineOf({ 'a.broken': '', 'a.late.late': '', 'b.late': '', 'c.odd': '' }, { engines });
    expect(templateError(() => engine.render('a', {})).message).toBe('a.broken: line 3');
    await expect(engine.render('b', {})).rejects.toThrow(new MailTemplateError('b.late', 'no data'));
    await expect(async () => engine.render('c', {})).rejects.toThrow('c.odd: its engine gave no string');
  });

  it('comes behind Handlebars where both have a file', () => {
    expect(
      engineOf({ 'mail.hbs': 'hbs', 'mail.pug': 'pug' }, { engines: { pug: dollar } }).render('mail', {}),
    ).toMatchObject({ html: 'hbs' });
  });
});
