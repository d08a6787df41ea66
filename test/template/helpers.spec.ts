import { describe, expect, it } from 'vitest';
import { render } from './mails-folder.js';

const at = new Date('2026-03-01T23:30:00Z');
const context = {
  at,
  iso: at.toISOString(),
  ms: at.getTime(),
  n: 1234.5,
  big: 2n ** 64n,
  decimal: '12345678901234567.89',
  none: null,
  yes: true,
  no: false,
  list: ['a', '<b>', null],
  empty: [],
};

describe('built-in helpers', () => {
  const lines: [template: string, expected: string, locale?: string][] = [
    ['{{formatDate at}}', 'Mar 1, 2026'],
    ['{{formatDate at}}', '01.03.2026', 'de'],
    ['{{formatDate iso dateStyle="long"}}', '1. März 2026', 'de'],
    ['{{formatDate ms dateStyle="long" timeZone="Europe/Vienna" locale="de"}}', '2. März 2026', 'en'],
    ['{{formatDate at hour="2-digit" minute="2-digit" hour12=no}}', '23:30'],
    ['[{{formatDate none}}]', '[]'],
    ['{{formatNumber n}}', '1,234.5'],
    ['{{formatNumber n}}', '1.234,5', 'de'],
    ['{{formatNumber n maximumFractionDigits=0}}', '1,235'],
    ['{{formatNumber big}}', '18,446,744,073,709,551,616'],
    ['{{formatNumber 0.5 style="percent"}}', '50%'],
    ['{{formatCurrency n "EUR"}}', '€1,234.50'],
    ['{{formatCurrency n "EUR"}}', '1.234,50\u00a0€', 'de'],
    ['{{formatCurrency decimal "USD"}}', '$12,345,678,901,234,567.89'],
    ['{{join list}}', 'a, &lt;b&gt;, '],
    ['{{join list " | "}}', 'a | &lt;b&gt; | '],
    ['{{#if (eq n 1234.5)}}y{{/if}}{{#if (ne n 1)}}y{{/if}}{{#if (eq n "1234.5")}}n{{/if}}', 'yy'],
    ['{{and yes n}}{{and no n}}[{{and none yes}}]{{and yes n 7}}', '1234.5false[]7'],
    ['{{or no n}}{{or none empty "x"}}{{or no none no}}', '1234.5xfalse'],
    ['{{not no}}{{not empty}}{{not n}}', 'truetruefalse'],
  ];

  it.each(lines)('%s gives %s', (template, expected, locale) => {
    expect(render(template, context, { locale }).html).toBe(expected);
  });

  const faults: [template: string, message: string][] = [
    ['{{formatDate "tomorrow"}}', 'mail.hbs:1:1: helper "formatDate": "tomorrow" is no date'],
    ['{{formatDate at "long"}}', "it is used like this: {{formatDate at dateStyle='long'}}"],
    ['{{formatDate at timeZone="Mars"}}', 'helper "formatDate": Invalid time zone specified: Mars'],
    ['{{formatNumber list}}', 'an object is no number'],
    ['{{formatNumber "x"}}', '"x" is no number'],
    ['{{formatCurrency n}}', "it is used like this: {{formatCurrency total 'EUR'}}"],
    ['{{formatCurrency n "€"}}', 'helper "formatCurrency": Invalid currency code'],
    ['{{join n}}', '"1234.5" is no list'],
    ['{{#if (eq n)}}{{/if}}', 'it is used like this: {{#if (eq a b)}}'],
  ];

  it.each(faults)('%s says: %s', (template, message) => {
    expect(() => render(template, context)).toThrow(message);
  });
});

describe("the application's helpers", () => {
  it('win over the built-in ones, and may be called without arguments', () => {
    const helpers = { formatDate: () => 'mine', year: () => 2026 };
    expect(render('{{formatDate at}}{{formatDate}}{{year}}', { ...context, year: 1 }, { helpers }).html).toBe(
      'minemine2026',
    );
  });

  it('may be blocks, get hash arguments, and have what they give escaped', () => {
    const helpers = {
      times(this: object, n: number, options: { fn: (context: unknown) => string; hash: { sep: string } }) {
        return Array.from({ length: n }, (_, i) => options.fn({ ...this, i })).join(options.hash.sep);
      },
      angle: () => '<',
    };
    expect(render('{{#times 2 sep="-"}}{{i}}{{n}}{{/times}}{{angle}}', context, { helpers }).html).toBe(
      '01234.5-11234.5&lt;',
    );
  });
});
