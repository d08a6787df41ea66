import { describe, expect, it } from 'vitest';
import { render, templateError } from './mails-folder.js';

const mail = (front: string, body = '<p>Hi</p>') => ({ 'mail.hbs': `---\n${front}\n---\n${body}` });

describe('front matter', () => {
  it('gives the subject, which is a template and is not escaped', () => {
    expect(render(mail('subject: Hi, {{name}} & co'), { name: '<Ada>' }).subject).toBe('Hi, <Ada> & co');
  });

  it('is no part of the mail', () => {
    expect(render(mail('subject: Hi', '<p>Hi</p>\n---\n')).html).toBe('<p>Hi</p>\n---\n');
    expect(render({ 'mail.hbs': '\uFEFF---\r\nsubject: Hi\r\n---\r\n<p>' })).toMatchObject({
      subject: 'Hi',
      html: '<p>',
    });
    expect(render({ 'mail.hbs': '---\nsubject: Hi\n---' })).toMatchObject({ subject: 'Hi', html: '' });
    expect(render({ 'mail.hbs': '---\n---\nx' })).toMatchObject({ subject: undefined, html: 'x' });
  });

  it.each([
    '{{#if a}}\n  x\n{{/if}}\n\n{{~a}}',
    '\n\n{{a}}',
    '  {{a}}',
    '\n{{~a}}',
    '{{! x }}\n{{a}}',
    'a\n{{> p}}',
    '\n  {{> p}}\n',
  ])('leaves the body %j as it is without', (body) => {
    const plain = render({ 'mail.hbs': body, 'partials/p.hbs': 'p\n' }, { a: 1 }).html;
    expect(render({ ...mail('subject: Hi', body), 'partials/p.hbs': 'p\n' }, { a: 1 }).html).toBe(plain);
  });

  it('leaves the white space of a subject as it is', () => {
    expect(render(mail('subject: "{{#if a}}x{{/if}}"'), { a: 1 }).subject).toBe('x');
    expect(render(mail('subject: "{{#if a}} x {{/if}}"'), { a: 1 }).subject).toBe(' x ');
  });

  it('puts the preheader, escaped and hidden, at the start of the body, and not in the text', () => {
    const files = {
      ...mail('preheader: Tom & {{name}}', '<html><body class="a>b"><p>Hi</p></body></html>'),
      'mail.txt.hbs': 'Hi',
    };
    const { html, text } = render(files, { name: '<Ada>' });
    expect(html).toMatch(
      /<body class="a>b"><div data-preheader style="display:none[^>]*>Tom &amp; &lt;Ada&gt;<\/div><p>/,
    );
    expect(text).toBe('Hi');
  });

  it('puts the preheader first where there is no body tag, and leaves an empty one out', () => {
    expect(render(mail('preheader: "{{name}}"'), { name: '$& $1' }).html).toMatch(
      /^<div data-preheader[^>]*>\$&amp; \$1<\/div><p>Hi/,
    );
    expect(render(mail('preheader: "{{name}}"'), { name: '' }).html).toBe('<p>Hi</p>');
  });

  it('takes every value for text', () => {
    expect(render(mail('subject: 42')).subject).toBe('42');
    expect(render(mail('subject: yes')).subject).toBe('yes');
    expect(render(mail('subject: "Order #{{n}}" # a comment'), { n: 1 }).subject).toBe('Order #1');
    expect(render(mail('subject: >\n  one\n  two')).subject).toBe('one two');
  });

  it('may stand in the text template, where the HTML has none', () => {
    expect(render({ 'mail.txt.hbs': '---\nsubject: Hi\n---\nText' })).toMatchObject({ subject: 'Hi', text: 'Text' });
    expect(render({ ...mail('subject: HTML'), 'mail.txt.hbs': '---\nsubject: Text\n---\nText' }).subject).toBe('HTML');
  });

  const faults: [front: string, message: string][] = [
    ['subejct: Hi', 'mail.hbs:2:1: front matter: there is no key "subejct" (did you mean subject?)'],
    ['subject: Hi\nfrom: me', 'mail.hbs:3:1: front matter: there is no key "from"'],
    [
      'subject: {{name}}',
      'mail.hbs:2:1: front matter: the value of subject is not one text. A value that starts with "{{"',
    ],
    ['subject: {{name}} joined', 'mail.hbs:2:19: front matter: Unexpected scalar'],
    ['subject: Invoice: {{n}}', 'mail.hbs:2:10: front matter: Nested mappings'],
    ['subject: Order #{{n}}', 'the value of subject is not one text'],
    ['subject: Order # {{n}}', 'the value of subject is not one text'],
    ['subject:', 'mail.hbs:2:1: front matter: subject has no value'],
    ['subject: Hi\nsubject: Ho', 'mail.hbs:3:1: front matter: Map keys must be unique'],
    ['- subject', 'front matter: it holds "key: value" lines'],
    ['subject: "Hi', 'mail.hbs:'],
  ];

  it.each(faults)('%j is refused: %s', (front, message) => {
    expect(templateError(() => render(mail(front))).message).toContain(message);
  });

  it('that is not closed is refused', () => {
    expect(() => render('---\nsubject: Hi\n<p>Hi</p>')).toThrow('mail.hbs:1: its front matter is not closed');
  });

  it('of a layout holds its own layout only', () => {
    const files = { 'mail.hbs': '', 'layouts/base.hbs': '---\nsubject: Hi\n---\n{{{@body}}}' };
    expect(() => render(files, {}, { layout: 'base' })).toThrow(
      'layouts/base.hbs:2:1: front matter: there is no key "subject"',
    );
  });
});
