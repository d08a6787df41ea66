import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import {
  HandlebarsTemplateEngine,
  type HandlebarsTemplateOptions,
} from '../../lib/template/handlebars.template-engine.js';
import { engineOf, folderOf } from './mails-folder.js';

async function configurationError(options: object): Promise<RelayConfigurationError> {
  try {
    await new HandlebarsTemplateEngine(options as HandlebarsTemplateOptions).prepare();
  } catch (error) {
    if (error instanceof RelayConfigurationError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('what is wrong with the configuration is found at start', () => {
  it('a folder that is not there', async () => {
    const dir = join(folderOf({}), 'mails');
    const error = await configurationError({ dir: [folderOf({}), dir] });
    expect(error.option).toBe('templates.dir');
    expect(error.message).toContain(`templates.dir: there is no folder ${dir}`);
  });

  it('a folder that the build did not copy', async () => {
    const error = await configurationError({ dir: join(folderOf({}), 'dist', 'shop', 'mails') });
    expect(error.message).toContain('nest-cli.json');
    expect(error.message).toContain(
      '{"compilerOptions":{"assets":[{"include":"shop/mails/**/*","outDir":"dist"}],"watchAssets":true}}',
    );
  });

  it('a file instead of a folder, and the folder of a feature', async () => {
    const dir = folderOf({ 'file.hbs': '' });
    expect((await configurationError({ dir: join(dir, 'file.hbs') })).option).toBe('templates.dir');
    expect(() => engineOf({}).addDirectory(join(dir, 'nothing'), 'x')).toThrow(
      'forFeature: templates.dir: there is no folder',
    );
  });

  it('a default layout that is not there', async () => {
    const dir = folderOf({ 'layouts/base.hbs': '' });
    const error = await configurationError({ dir, layout: 'bse' });
    expect(error.option).toBe('templates.layout');
    expect(error.message).toContain(
      `there is no layout "bse" (did you mean base?); it would be the file bse.hbs in ${dir}/layouts`,
    );
    await new HandlebarsTemplateEngine({ dir, layout: 'base' }).prepare();
  });

  it.each([
    [{ dri: '.' }, 'templates.dri', 'did you mean dir?'],
    [{}, 'templates.dir', 'names the folder'],
    [{ dir: [''] }, 'templates.dir', 'names the folder'],
    [{ dir: '.', helpers: { t: 'x' } }, 'templates.helpers.t', 'is not a function'],
    [{ dir: '.', engines: { pug: {} } }, 'templates.engines.pug', 'is not a function'],
    [{ dir: '.', partials: '../shared' }, 'templates.partials', 'is a folder beneath'],
    [{ dir: '.', layout: '' }, 'templates.layout', 'is the name of a layout'],
  ])('%j', async (options, option, message) => {
    const error = await configurationError(options);
    expect(error.option).toBe(option);
    expect(error.message).toContain(message);
  });

  it('but not that there is no folder yet, when features bring theirs', async () => {
    const engine = engineOf({}, { dir: [] });
    engine.addDirectory(folderOf({ 'mail.hbs': 'Hi' }));
    await engine.prepare();
    expect(engine.render('mail', {})).toMatchObject({ html: 'Hi' });
  });

  it('but not a broken template, which fails its own mails only', async () => {
    const engine = engineOf({ 'broken.hbs': '{{#if}', 'fine.hbs': 'fine' });
    await engine.prepare();
    expect(engine.render('fine', {})).toMatchObject({ html: 'fine' });
  });
});
