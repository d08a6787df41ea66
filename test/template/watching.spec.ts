import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { engineOf, write } from './mails-folder.js';

const files = {
  'mail.hbs': 'one{{> part}}',
  'partials/part.hbs': '-part',
  'layouts/base.hbs': '[{{{@body}}}]',
};

describe('while developing', () => {
  it('an edit of template, partial or layout, and a new file, show in the next render', async () => {
    const engine = engineOf(files, { watch: true, layout: 'base' });
    await engine.prepare();
    const shows = (html: string, name = 'mail') =>
      vi.waitFor(() => expect(engine.render(name, {})).toMatchObject({ html }));
    await shows('[one-part]');
    write(engine.dir, { 'mail.hbs': 'two{{> part}}' });
    await shows('[two-part]');
    write(engine.dir, { 'partials/part.hbs': '-new part' });
    await shows('[two-new part]');
    write(engine.dir, { 'layouts/base.hbs': '({{{@body}}})' });
    await shows('(two-new part)');
    write(engine.dir, { 'new/folder/other.hbs': 'other' });
    await shows('(other)', 'new/folder/other');
    write(engine.dir, { 'new/folder/other.hbs': 'edited' });
    await shows('(edited)', 'new/folder/other');
    rmSync(join(engine.dir, 'mail.hbs'));
    await vi.waitFor(() => expect(() => engine.render('mail', {})).toThrow('there is no template of that name'));
  });

  it('nothing is watched once the engine is closed', () => {
    const engine = engineOf(files, { watch: true });
    expect(engine.render('mail', {})).toMatchObject({ html: 'one-part' });
    engine.close();
    write(engine.dir, { 'mail.hbs': 'two' });
    expect(engine.render('mail', {})).toMatchObject({ html: 'one-part' });
  });
});

describe('in production', () => {
  it('a file is read once', () => {
    const engine = engineOf(files);
    expect(engine.render('mail', {})).toMatchObject({ html: 'one-part' });
    rmSync(engine.dir, { recursive: true });
    expect(engine.render('mail', {})).toMatchObject({ html: 'one-part' });
  });
});
