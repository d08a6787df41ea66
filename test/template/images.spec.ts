import { describe, expect, it } from 'vitest';
import { engineOf, render, templateError } from './mails-folder.js';

const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]);
const other = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 4]);

describe('{{image}}', () => {
  it('embeds a file of the folder, and refers to it', () => {
    const { html, attachments } = render(
      { 'mail.hbs': `{{image 'logo.png' alt=name width=120}}`, 'logo.png': png },
      { name: '"A" <b>' },
    );
    const [attachment] = attachments!;
    expect(attachment).toEqual({
      filename: 'logo.png',
      content: Buffer.from(png),
      cid: expect.stringMatching(/^[0-9a-f]+@image$/),
    });
    expect(html).toBe(`<img src="cid:${attachment!.cid}" alt="&quot;A&quot; &lt;b&gt;" width="120">`);
  });

  it('embeds once what is used often, in template, partial and layout', () => {
    const files = {
      'mail.hbs': `{{image 'a.png'}}{{#each list}}{{image 'a.png'}}{{/each}}{{> p}}{{image 'b.png'}}`,
      'partials/p.hbs': `{{image 'images/a.png'}}`,
      'layouts/l.hbs': `{{image 'a.png'}}{{{@body}}}`,
      'images/a.png': png,
      'images/b.png': other,
    };
    const { html, attachments } = render(files, { list: [1, 2, 3] }, { layout: 'l' });
    expect(attachments!.map(({ filename }) => filename)).toEqual(['a.png', 'b.png']);
    expect(html!.match(/<img src="cid:[^"]+" alt="">/g)).toHaveLength(7);
    expect(new Set(html!.match(/cid:[^"]+/g)).size).toBe(2);
  });

  it('gives the same content id each time, and starts anew with each mail', () => {
    const engine = engineOf({ 'mail.hbs': `{{image name}}`, 'a.png': png, 'b.png': png });
    const render = (name: string) => engine.render('mail', { name }) as { html: string; attachments: unknown[] };
    expect(render('a.png')).toEqual(render('a.png'));
    expect(render('b.png').html).not.toBe(render('a.png').html);
    expect(render('b.png').attachments).toHaveLength(1);
  });

  it('is its alt text in a text, in a subject and in a preheader', () => {
    const files = {
      'mail.hbs': `---\nsubject: Hi {{image 'a.png' alt='*'}}\n---\n`,
      'mail.txt.hbs': `{{image 'a.png' alt='A&B'}}`,
      'a.png': png,
    };
    expect(render(files)).toMatchObject({ subject: 'Hi *', text: 'A&B', attachments: undefined });
  });

  it('finds the images of a feature behind its prefix', () => {
    const engine = engineOf({});
    engine.addDirectory(
      engineOf({
        'mail.hbs': `{{image 'billing/a.png'}}{{image 'billing/b.png'}}`,
        'a.png': png,
        'images/b.png': other,
      }).dir,
      'billing',
    );
    expect((engine.render('billing/mail', {}) as { attachments: unknown[] }).attachments).toHaveLength(2);
  });

  it('says which image is not there, and where it was asked for', () => {
    const error = templateError(() => render(`\n{{image 'lgo.png'}}`));
    expect(error.message).toContain('there is no such image');
    expect(error.message).toContain('lgo.png');
    expect(error).toMatchObject({ template: 'mail.hbs', line: 2, column: 1 });
  });

  it.each(['../secret.png', '/etc/hostname', 'a/../../secret.png', '..\\secret.png', 'a\0.png', ''])(
    'refuses %j',
    (name) => {
      expect(() => render('{{image name}}', { name })).toThrow(/cannot leave the folder|not empty/);
    },
  );
});
