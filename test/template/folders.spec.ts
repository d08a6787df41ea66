import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MailTemplateError } from '../../lib/errors/mail-template.error.js';
import { engineOf, folderOf, templateError, write } from './mails-folder.js';

/** A folder of templates with a secret beside it. */
function mailsBesideASecret() {
  const parent = folderOf({
    'secret.hbs': 'SECRET',
    'secret.png': 'SECRET',
    'mails/welcome.hbs': 'Hi',
    'mails/sub/a.hbs': 'a',
  });
  return { parent, engine: engineOf({}, { dir: join(parent, 'mails') }) };
}

describe('a name cannot leave the folder', () => {
  it.each([
    '../secret',
    'sub/../../secret',
    './welcome',
    'sub//a',
    '/etc/passwd',
    'C:/secret',
    '..\\secret',
    'welcome\0',
    '..',
    '',
  ])('as a template: %j', (name) => {
    const { engine } = mailsBesideASecret();
    expect(templateError(() => engine.render(name, {})).message).toMatch(/cannot leave the folder|not empty/);
  });

  it('as a layout, from the options or the front matter', () => {
    const { parent, engine } = mailsBesideASecret();
    write(parent, { 'mails/front.hbs': '---\nlayout: ../../secret\n---\n' });
    expect(() => engine.render('welcome', {}, { layout: '../../secret' })).toThrow('cannot leave the folder');
    expect(() => engine.render('front', {})).toThrow('cannot leave the folder');
  });

  it('as a locale', () => {
    const { engine } = mailsBesideASecret();
    expect(engine.render('welcome', {}, { locale: '../../secret' })).toMatchObject({ html: 'Hi' });
  });

  it('whatever characters it has', () => {
    const { engine } = mailsBesideASecret();
    const parts = fc.constantFrom(
      '..',
      '.',
      'mails',
      'secret',
      'sub',
      'a',
      '/',
      '\\',
      '\0',
      '%2e',
      '．．',
      'welcome',
      '.hbs',
      '~',
    );
    const names = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(parts, { maxLength: 8 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(
        names,
        fc.option(names, { nil: undefined }),
        fc.option(names, { nil: undefined }),
        (name, locale, layout) => {
          try {
            expect(['Hi', 'a']).toContain((engine.render(name, {}, { locale, layout }) as { html: string }).html);
          } catch (error) {
            expect(error).toBeInstanceOf(MailTemplateError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('by a link, of a file or of a folder, or of an image', () => {
    const { parent, engine } = mailsBesideASecret();
    symlinkSync(join(parent, 'secret.hbs'), join(parent, 'mails/link.hbs'));
    symlinkSync(join(parent, 'secret.png'), join(parent, 'mails/link.png'));
    symlinkSync(parent, join(parent, 'mails/up'));
    write(parent, { 'mails/image.hbs': `{{image 'link.png'}}` });
    expect(() => engine.render('link', {})).toThrow('link.hbs: is a link that leaves the folder of templates');
    expect(() => engine.render('image', {})).toThrow('link.png: is a link that leaves the folder of templates');
    expect(() => engine.render('up/secret', {})).toThrow('there is no template of that name');
  });

  it('but a link within the folder, or to the folder, is as good as a file', () => {
    const { parent } = mailsBesideASecret();
    symlinkSync(join(parent, 'mails/welcome.hbs'), join(parent, 'mails/link.hbs'));
    symlinkSync(join(parent, 'mails'), join(parent, 'mails/sub/round'));
    symlinkSync(join(parent, 'mails'), join(parent, 'elsewhere'));
    expect(engineOf({}, { dir: join(parent, 'elsewhere') }).render('link', {})).toMatchObject({ html: 'Hi' });
  });

  it('and what is hidden, broken or a folder is no template', () => {
    const { parent, engine } = mailsBesideASecret();
    write(parent, { 'mails/.git/x.hbs': '', 'mails/node_modules/x.hbs': '', 'mails/folder.hbs/x.txt': '' });
    symlinkSync(join(parent, 'nothing'), join(parent, 'mails/broken.hbs'));
    for (const name of ['.git/x', 'node_modules/x', 'folder', 'broken']) {
      expect(() => engine.render(name, {})).toThrow('there is no template of that name');
    }
  });
});
