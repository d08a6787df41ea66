import { describe, expect, it } from 'vitest';
import { type Files, render, templateError } from './mails-folder.js';

const context = {
  name: 'Ada',
  empty: undefined,
  none: null,
  zero: 0,
  user: { name: 'Ada', address: null },
  items: [{ title: 'one' }, { title: 'two' }],
};
const shout = (value: unknown) => String(value).toUpperCase();

describe('a variable that is not there is an error', () => {
  const places: [where: string, template: string, expected: { line: number; column: number; variable: string }][] = [
    ['alone', 'Hi\n {{nmae}}', { line: 2, column: 4, variable: 'nmae' }],
    ['unescaped', '{{{nmae}}}', { line: 1, column: 4, variable: 'nmae' }],
    ['on an object', '{{user.nmae}}', { line: 1, column: 3, variable: 'user.nmae' }],
    ['on what is null', '{{user.address.city}}', { line: 1, column: 3, variable: 'user.address.city' }],
    ['on what is a string', '{{name.first}}', { line: 1, column: 3, variable: 'name.first' }],
    ['behind this', '{{this.nmae}}', { line: 1, column: 3, variable: 'this.nmae' }],
    ['written as a string', '{{"nmae"}}', { line: 1, column: 3, variable: 'nmae' }],
    ['as an argument of a helper', '{{shout nmae}}', { line: 1, column: 9, variable: 'nmae' }],
    ['in a hash argument', '{{shout name as=nmae}}', { line: 1, column: 17, variable: 'nmae' }],
    ['in a subexpression', '{{shout (shout nmae)}}', { line: 1, column: 16, variable: 'nmae' }],
    ['in a subexpression of if', '{{#if (eq nmae 1)}}{{/if}}', { line: 1, column: 11, variable: 'nmae' }],
    ['as what each goes through', '{{#each itms}}{{/each}}', { line: 1, column: 9, variable: 'itms' }],
    ['as what with enters', '{{#with usr}}{{/with}}', { line: 1, column: 9, variable: 'usr' }],
    ['as a block', '{{#itms}}{{/itms}}', { line: 1, column: 4, variable: 'itms' }],
    ['as an inverted block', '{{^itms}}{{/itms}}', { line: 1, column: 4, variable: 'itms' }],
    ['in an else branch', '{{#if none}}{{else}}{{nmae}}{{/if}}', { line: 1, column: 23, variable: 'nmae' }],
    ['in an else if', '{{#if none}}{{else if (shout nmae)}}{{/if}}', { line: 1, column: 30, variable: 'nmae' }],
    ['in a list', '{{#each items}}\n{{titel}}{{/each}}', { line: 2, column: 3, variable: 'titel' }],
    [
      'of a block parameter',
      '{{#each items as |item|}}{{item.titel}}{{/each}}',
      { line: 1, column: 28, variable: 'item.titel' },
    ],
    [
      'of a block parameter, as an argument',
      '{{#each items as |item|}}{{shout item.titel}}{{/each}}',
      { line: 1, column: 34, variable: 'item.titel' },
    ],
    ['of the context outside', '{{#each items}}{{../nmae}}{{/each}}', { line: 1, column: 18, variable: '../nmae' }],
    [
      'of a context outside that is not there',
      '{{#if name}}{{../../x}}{{/if}}',
      { line: 1, column: 15, variable: '../../x' },
    ],
    ['of @data', '{{@nmae}}', { line: 1, column: 3, variable: '@nmae' }],
    ['of @root', '{{#each items}}{{@root.nmae}}{{/each}}', { line: 1, column: 18, variable: '@root.nmae' }],
    ['of @data outside', '{{#each items}}{{@../index}}{{/each}}', { line: 1, column: 18, variable: '@../index' }],
  ];

  it.each(places)('%s', (_, template, expected) => {
    const error = templateError(() => render(template, context, { helpers: { shout } }));
    expect(error).toMatchObject({ template: 'mail.hbs', ...expected });
    expect(error.message).toContain(`mail.hbs:${expected.line}:${expected.column}: ${expected.variable} is not there`);
  });

  const files: [where: string, files: Files, expected: object][] = [
    [
      'inside a partial',
      { 'mail.hbs': '{{> a/b}}', 'partials/a/b.hbs': 'x\ny{{nmae}}' },
      { template: 'partials/a/b.hbs', line: 2, column: 4 },
    ],
    [
      'in the context given to a partial',
      { 'mail.hbs': 'x{{> b usr}}', 'partials/b.hbs': '' },
      { template: 'mail.hbs', line: 1, column: 8 },
    ],
    [
      'in a hash given to a partial',
      { 'mail.hbs': '{{> b x=usr}}', 'partials/b.hbs': '' },
      { template: 'mail.hbs', line: 1, column: 9 },
    ],
    [
      'above a partial, which has nothing above it',
      { 'mail.hbs': '{{> b}}', 'partials/b.hbs': '{{../name}}' },
      { template: 'partials/b.hbs', line: 1, column: 3 },
    ],
    [
      'inside a layout',
      { 'mail.hbs': '---\nlayout: l\n---\nx', 'layouts/l.hbs': '\n{{{@body}}}{{nmae}}' },
      { template: 'layouts/l.hbs', line: 2, column: 14 },
    ],
    [
      'below front matter, counted from the top of the file',
      { 'mail.hbs': '---\nsubject: Hi\n---\n\n {{nmae}}' },
      { template: 'mail.hbs', line: 5, column: 4 },
    ],
    [
      'in the subject of the front matter',
      { 'mail.hbs': '---\n# for all\nsubject: Hi {{nmae}}\n---\n' },
      { template: 'mail.hbs', line: 3, column: 15 },
    ],
    [
      'in a quoted preheader',
      { 'mail.hbs': '---\npreheader: "{{nmae}}"\n---\n' },
      { template: 'mail.hbs', line: 2, column: 15 },
    ],
    ['in a text', { 'mail.hbs': '', 'mail.txt.hbs': '{{nmae}}' }, { template: 'mail.txt.hbs', line: 1, column: 3 }],
    [
      'in an inline partial',
      { 'mail.hbs': '{{#*inline "x"}}{{nmae}}{{/inline}}\n{{> x}}' },
      { template: 'mail.hbs', line: 1, column: 19 },
    ],
    [
      'in a block given to a partial',
      { 'mail.hbs': '{{#> b}}{{nmae}}{{/b}}', 'partials/b.hbs': '{{> @partial-block}}' },
      { template: 'mail.hbs', line: 1, column: 11 },
    ],
  ];

  it.each(files)('%s', (_, files, expected) => {
    expect(templateError(() => render(files, context))).toMatchObject(expected);
  });

  it('even in a branch that a mail seldom takes, once it is taken', () => {
    const template = '{{#if late}}{{nmae}}{{/if}}';
    expect(render(template, { late: false }).html).toBe('');
    expect(() => render(template, { late: true })).toThrow('nmae is not there');
  });
});

describe('what counts as there', () => {
  it('is an own property, whatever its value', () => {
    expect(render('[{{empty}}{{none}}{{zero}}]', context).html).toBe('[0]');
    expect(render('{{#each none}}x{{else}}none{{/each}}', context).html).toBe('none');
  });

  it('is what if, unless and lookup ask for', () => {
    const template = '{{#if a.b.c}}x{{else}}-{{/if}}{{#unless a}}-{{/unless}}{{lookup user "nick"}}{{lookup a "b"}}';
    expect(render(template, context).html).toBe('--');
    expect(render('{{or (lookup this "nick") name}}', context).html).toBe('Ada');
    expect(render('{{#each items as |i|}}{{#if i.sale}}x{{/if}}{{#if @last}}end{{/if}}{{/each}}', context).html).toBe(
      'end',
    );
  });

  it('is this, a block parameter, an index, a key', () => {
    expect(render('{{#each items as |item i|}}{{i}}{{@index}}{{item.title}}{{title}} {{/each}}', context).html).toBe(
      '00oneone 11twotwo ',
    );
    expect(render('{{#each user}}{{@key}}={{this}};{{/each}}', context).html).toBe('name=Ada;address=;');
    expect(render('{{#each items}}{{#each ../items}}{{@../index}}{{@index}} {{/each}}{{/each}}', context).html).toBe(
      '00 01 10 11 ',
    );
    expect(render('{{#each items}}{{../name}}{{@root.name}}{{/each}}', context).html).toBe('AdaAdaAdaAda');
    expect(render('{{items.0.title}}{{items.length}}{{items.[1].title}}', context).html).toBe('one2two');
  });

  it('is a block parameter rather than a helper or a variable of the same name', () => {
    expect(render('{{#each items as |shout|}}{{shout.title}}{{/each}}', context, { helpers: { shout } }).html).toBe(
      'onetwo',
    );
    expect(render('{{#with name as |image|}}{{image}}{{/with}}', context).html).toBe('Ada');
    expect(render('{{#with name as |user|}}{{user}}{{this.length}}{{/with}}', context).html).toBe('Ada3');
  });

  it('is the variable rather than a built-in helper that would need arguments', () => {
    expect(render('<img src="{{image}}">{{#join}}{{x}}{{/join}}', { image: 'a.png', join: { x: 1 } }).html).toBe(
      '<img src="a.png">1',
    );
  });

  it('is no method or getter of a prototype', () => {
    class User {
      first = 'Ada';
      get full() {
        return 'Ada Lovelace';
      }
    }
    const error = templateError(() => render('{{user.full}}', { user: new User() }));
    expect(error.message).toContain('"full" is no property of its own but of its prototype');
    for (const path of ['constructor', 'user.constructor', 'toString', '__proto__', 'user.__proto__.x', 'list.map']) {
      expect(() => render(`{{${path}}}`, { user: new User(), list: [] })).toThrow(`${path} is not there`);
      expect(render(`{{#if ${path}}}there{{/if}}`, { user: new User(), list: [] }).html).toBe('');
    }
    expect(render('{{lookup user "constructor"}}', { user: new User() }).html).toBe('');
  });

  it('is a getter that was copied as an own property, and a function, which is called', () => {
    const user = Object.defineProperty({ first: 'Ada' }, 'full', { get: () => 'Ada L', enumerable: true });
    expect(
      render('{{user.full}}{{hello}}', {
        user,
        name: 'Ada',
        hello(this: { name: string }) {
          return `Hi ${this.name}`;
        },
      }).html,
    ).toBe('Ada LHi Ada');
  });
});

describe('without strict', () => {
  it('a variable that is not there is empty', () => {
    expect(
      render('[{{nmae}}{{user.address.city}}{{shout nmae}}{{#itms}}x{{/itms}}]', context, {
        strict: false,
        helpers: { shout },
      }).html,
    ).toBe('[UNDEFINED]');
  });

  it('blocks, block parameters and variables named like helpers are what they were', () => {
    const template =
      '{{#user}}{{name}}{{/user}}{{^none}}-{{/none}}{{#each items as |item|}}{{item.title}}{{/each}}{{image}}{{{name}}}';
    expect(render(template, { ...context, image: 'i' }, { strict: false }).html).toBe('Ada-onetwoiAda');
  });

  it('an unknown helper is an error all the same', () => {
    expect(() => render('{{shuot name}}', context, { strict: false })).toThrow('there is no helper "shuot"');
  });
});

describe('what is wrong with a template itself', () => {
  const faults: [template: string, message: string][] = [
    ['a\n{{shuot name}}', 'mail.hbs:2:3: there is no helper "shuot" (did you mean shout?)'],
    ['{{#if (shuot name)}}{{/if}}', 'mail.hbs:1:8: there is no helper "shuot"'],
    ['{{(name)}}', 'syntax error'],
    ['{{user.name 1}}', 'mail.hbs:1:3: "user.name" is a variable, and takes no arguments as a helper does'],
    ['\n{{> crad}}', 'mail.hbs:2:1: there is no partial "crad" (did you mean card?); it would be the file crad.hbs'],
    ['{{> (shout "crad")}}', 'mail.hbs:1:1: there is no partial "CRAD"'],
    ['{{> @partial-block}}', 'mail.hbs:1:1: no block was given to this partial'],
    ['{{* other}}', 'mail.hbs:1:1: there is no decorator "other"'],
    ['a\nb{{#if name}}', 'mail.hbs:2: syntax error near "ab{{#if name}}": the template ends before a block'],
    ['{{#if name}}\n{{/each}}', "mail.hbs:1:4: if doesn't match each"],
    ['x\n{{/if}}', 'mail.hbs:2: syntax error near "x{{/if}}": this closes a block that is not open'],
    ['{{name', 'syntax error near "{{name"'],
    ['{{#if}}{{/if}}', 'mail.hbs:1:1: helper "if": #if requires exactly one argument'],
    ['{{#if name}}{{fail name}}{{/if}}', 'mail.hbs:1:13: helper "fail": no such thing'],
    ['{{later name}}', 'mail.hbs:1:1: helper "later": it gave a promise'],
    ['{{> endless}}', 'mail.hbs: its partials call each other without end'],
  ];

  it.each(faults)('%j: %s', (template, message) => {
    const files = {
      'mail.hbs': template,
      'partials/card.hbs': 'card',
      'partials/endless.hbs': '{{#if 1}}{{> endless}}{{/if}}',
    };
    const helpers = {
      shout,
      fail: () => {
        throw new Error('no such thing');
      },
      later: async () => 1,
    };
    expect(templateError(() => render(files, context, { helpers })).message).toContain(message);
  });

  it('is found for a subject too, below whatever precedes it', () => {
    expect(() => render('---\nlayout: false\nsubject: "Hi {{#if}}"\n---\n')).toThrow('mail.hbs:3');
  });

  it('says where a partial is broken, and leaves other mails alone', () => {
    const files = { 'mail.hbs': '{{#if name}}{{> broken}}{{/if}}', 'partials/broken.hbs': '\n{{#if}' };
    expect(() => render(files, context)).toThrow('partials/broken.hbs:2: syntax error');
    expect(render(files, { ...context, name: '' }).html).toBe('');
  });
});
