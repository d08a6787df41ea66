import { describe, expect, it } from 'vitest';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import { loadCssInliner } from '../../lib/template/inline-css.js';
import { engineOf } from './mails-folder.js';

const page = `<html><head><link rel="stylesheet" href="nowhere.css"><style>
p { color: red } a:hover { color: blue } @media (max-width: 600px) { p { color: green } }
</style></head><body><!--[if mso]><p>Outlook</p><![endif]--><p>{{name}}</p></body></html>`;

describe('CSS inlining', () => {
  it('moves rules into style attributes, and keeps media queries, :hover, links and comments', async () => {
    const engine = engineOf({ 'mail.hbs': page }, { inlineCss: true });
    await engine.prepare();
    const { html } = engine.render('mail', { name: '<Ada>' }) as { html: string };
    expect(html).toContain('<p style="color: red;">&lt;Ada&gt;</p>');
    expect(html).toMatch(/@media \(max-width: ?600px\) ?{ ?p ?{ ?color: ?green/);
    expect(html).toMatch(/a:hover ?{ ?color: ?blue/);
    expect(html).toContain('href="nowhere.css"');
    expect(html).toContain('<!--[if mso]><p>Outlook</p><![endif]-->');
  });

  it('sees the styles of the layout, and leaves a mail without styles alone', async () => {
    const files = { 'mail.hbs': '<p>x</p>', 'layouts/base.hbs': '<style>p { margin: 0 }</style>{{{@body}}}' };
    const engine = engineOf(files, { inlineCss: true });
    await engine.prepare();
    expect((engine.render('mail', {}, { layout: 'base' }) as { html: string }).html).toContain(
      '<p style="margin: 0;">x</p>',
    );
    expect(engine.render('mail', {})).toMatchObject({ html: '<p>x</p>' });
  });

  it('is there for the first mail too, when nobody prepared the engine', async () => {
    const { html } = await engineOf({ 'mail.hbs': page }, { inlineCss: true }).render('mail', { name: '' });
    expect(html).toContain('style="color: red;"');
  });

  it('stays out unless it is asked for', () => {
    expect(engineOf({ 'mail.hbs': page }).render('mail', { name: '{{name}}' })).toMatchObject({ html: page });
  });

  it('says how to install the package that it needs', async () => {
    const missing = loadCssInliner(() => Promise.reject(new Error('Cannot find package')));
    await expect(missing).rejects.toThrow(RelayConfigurationError);
    await expect(missing).rejects.toThrow(
      'templates.inlineCss: needs a package that could not be loaded: npm install @css-inline/css-inline',
    );
  });
});
