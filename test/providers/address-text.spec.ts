import * as fc from 'fast-check';
import addressparser from 'nodemailer/lib/addressparser';
import { describe, expect, it } from 'vitest';
import { addressList, addressText } from '../../lib/providers/address-text.js';

describe('addresses as text', () => {
  it.each([
    [{ address: 'ada@x.test' }, 'ada@x.test'],
    [{ name: 'Ada', address: 'ada@x.test' }, '"Ada" <ada@x.test>'],
    [
      { name: 'Ada "Countess" \\ Lovelace, Ms', address: 'ada@x.test' },
      '"Ada \\"Countess\\" \\\\ Lovelace, Ms" <ada@x.test>',
    ],
    [{ name: 'Ädä 🛟', address: 'ada@x.test' }, '"Ädä 🛟" <ada@x.test>'],
  ])('%o', (address, text) => void expect(addressText(address)).toBe(text));

  it('let no name break out', () => {
    expect(() => addressText({ name: 'a\r\nBcc: x', address: 'ada@x.test' })).toThrow(/line break/);
  });

  it('are read as what they were, whatever the names are', () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .map((text) => text.replace(/[\p{Cc}\\]/gu, '').trim());
    const addresses = fc.array(fc.record({ name, address: fc.constantFrom('ada@x.test', 'b.c+d@y.test') }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(addresses, (list) => {
        const read = addressparser(addressList(list)).map(({ name: found, address }) => ({ name: found, address }));
        expect(read).toEqual(list.map(({ name: given, address }) => ({ name: given, address })));
      }),
    );
  });
});
