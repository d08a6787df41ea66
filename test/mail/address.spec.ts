import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MailMessageError } from '../../lib/errors/mail-message.error.js';
import { localeOf, needsSmtpUtf8, parseAddress, parseAddresses } from '../../lib/mail/address.js';

describe('an address', () => {
  it.each([
    ['ada@x.test', { address: 'ada@x.test' }],
    ['Ada <ada@x.test>', { name: 'Ada', address: 'ada@x.test' }],
    ['"Lovelace, Ada" <ada@x.test>', { name: 'Lovelace, Ada', address: 'ada@x.test' }],
    ['Ada Lovelace 🎩 <ada@x.test>', { name: 'Ada Lovelace 🎩', address: 'ada@x.test' }],
    ['ada@EXÄMPLE.de', { address: 'ada@xn--exmple-cua.de' }],
    ['ada@例え.jp', { address: 'ada@xn--r8jz45g.jp' }],
    ['jörg@x.test', { address: 'jörg@x.test' }],
    ['"john doe"@x.test', { address: '"john doe"@x.test' }],
    ['root@[127.0.0.1]', { address: 'root@[127.0.0.1]' }],
    ['Ada.Case@X.Test', { address: 'Ada.Case@x.test' }],
  ])('reads %s', (input, expected) => {
    expect(parseAddress(input, 'to')).toEqual(expected);
  });

  it('reads records of an application as they are', () => {
    const user = { id: 7, email: 'ada@x.test', name: 'Ada', locale: 'de', passwordHash: 'x' };
    expect(parseAddress(user, 'to')).toEqual({ name: 'Ada', address: 'ada@x.test' });
    expect(parseAddress({ email: 'ada@x.test', name: null, locale: null }, 'to')).toEqual({ address: 'ada@x.test' });
    expect(localeOf([user, { email: 'b@x.test', locale: 'fr' }])).toBe('de');
  });

  it.each([
    ['foo', 'no mail address'],
    ['a@x.test b@y.test', 'no mail address'],
    ['ada lovelace@x.test', 'no mail address'],
    ['Ada <ada@x.test> eve', 'no mail address'],
    ['Ada <ada@x.test', 'no mail address'],
    ['', 'is empty'],
    ['ada@', 'no mail address'],
    ['@x.test', 'no mail address'],
    ['a@b@c.test', 'no mail address'],
    ['.ada@x.test', 'no mail address'],
    ['ada@-x.test', 'no mail address'],
    ['ada@x.test/y.test', 'no mail address'],
    ['ada@x.test?y', 'no mail address'],
    ['ada@x.test#y', 'no mail address'],
    ['ada@%78.test', 'no mail address'],
    [`${'a'.repeat(65)}@x.test`, 'no mail address'],
    ['ada@x.test, bob@x.test', 'several addresses'],
    ['team: ada@x.test;', 'a group'],
    ['ada@x.test\r\nBcc: eve@x.test', 'line break'],
    ['Ada\nBcc: eve@x.test <ada@x.test>', 'line break'],
    [42, 'a number'],
    [null, 'null'],
    [{}, 'needs `address` or `email`'],
    [{ email: 'ada@x.test', name: 'A\r\nBcc: eve@x.test' }, 'line break'],
    [{ email: 'Ada <ada@x.test>' }, 'no mail address'],
  ])('refuses %j and names the field', (input, why) => {
    const parse = () => parseAddresses([input as never], 'cc');
    expect(parse).toThrow(MailMessageError);
    expect(parse).toThrow(why);
    expect(parse).toThrow(/^cc\[0\]/);
  });

  it('knows which need SMTPUTF8', () => {
    expect(needsSmtpUtf8('jörg@x.test')).toBe(true);
    expect(needsSmtpUtf8('ada@xn--exmple-cua.de')).toBe(false);
  });

  it('never lets a control character through, whatever the input', () => {
    const parts = fc.array(
      fc.constantFrom(
        'a',
        '@',
        'x.test',
        '<',
        '>',
        '"',
        ',',
        ';',
        ':',
        '\r',
        '\n',
        '\0',
        ' ',
        '(',
        ')',
        '\\',
        'ü',
        '[',
        ']',
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          parts.map((all) => all.join('')),
        ),
        (input) => {
          try {
            const { name = '', address } = parseAddress(input, 'to');
            // oxlint-disable-next-line no-control-regex
            expect(name + address).not.toMatch(/[\0-\x1f\x7f]/);
            expect(address).toMatch(/^[^\s<>]+@[^\s@<>]+$|^".*"@[^\s@<>]+$/u);
          } catch (error) {
            expect(error).toBeInstanceOf(MailMessageError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
