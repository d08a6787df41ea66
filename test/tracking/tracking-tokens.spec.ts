import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrackingTokens } from '../../lib/tracking/tracking-tokens.js';
import { packUrl, unpackUrl } from '../../lib/tracking/url-packing.js';

const SECRETS = ['the first of all secrets', 'the second of all secrets'];
const mailId = '01234567-89ab-4cde-8f01-23456789abcd';
const url = 'https://www.acme.test/products/42?utm_source=newsletter&utm_medium=email&utm_campaign=summer';

describe('tokens of tracked links', () => {
  const tokens = new TrackingTokens(SECRETS);

  it('say which mail, whose copy, and where the link leads', () => {
    for (const recipient of [0, 1, 30, 31, 32, 99]) {
      expect(tokens.read(tokens.sign({ mailId, recipient }), false)).toEqual({ mailId, recipient });
      expect(tokens.read(tokens.sign({ mailId, recipient, url }), true)).toEqual({ mailId, recipient, url });
    }
  });

  it('are short', () => {
    expect(tokens.sign({ mailId, recipient: 0 })).toHaveLength(39);
    // Unpacked it would be 124 bytes.
    expect(tokens.sign({ mailId, recipient: 0, url }).length).toBeLessThan(url.length);
  });

  it('are the same each time, so that an attempt repeats what the one before has sent', () => {
    expect(tokens.sign({ mailId, recipient: 0, url })).toBe(tokens.sign({ mailId, recipient: 0, url }));
  });

  it('survive that the secret is replaced, until it is taken out', () => {
    const old = new TrackingTokens(['an older secret than those']).sign({ mailId, recipient: 0, url });
    expect(new TrackingTokens([SECRETS[0]!, 'an older secret than those']).read(old, true)).toMatchObject({ url });
    expect(new TrackingTokens([SECRETS[0]!]).read(old, true)).toBeUndefined();
  });

  it('lead nowhere once any bit of them is changed', () => {
    const token = tokens.sign({ mailId, recipient: 3, url });
    const bytes = Buffer.from(token, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(tokens.read(forged.toString('base64url'), true)).toBeUndefined();
    }
  });

  it('lead nowhere cut off, spelt otherwise, or in the place of the other kind', () => {
    const link = tokens.sign({ mailId, recipient: 3, url });
    const open = tokens.sign({ mailId, recipient: 3 });
    for (let length = 0; length < link.length; length++)
      expect(tokens.read(link.slice(0, length), true)).toBeUndefined();
    for (const other of [`${link}=`, `${link}A`, ` ${link}`, link.replaceAll('_', '/').replaceAll('-', '+') + '=='])
      expect(tokens.read(other, true)).toBeUndefined();
    expect(tokens.read(link, false)).toBeUndefined();
    expect(tokens.read(open, true)).toBeUndefined();
    expect(tokens.read('A'.repeat(1_000_000), true)).toBeUndefined();
  });

  it('are spelt in one way only', () => {
    const tokenOf = (length: number) =>
      tokens.sign({ mailId, recipient: 0, url: `https://acme.test/${'z'.repeat(length)}` });
    for (const token of [tokenOf(0), tokenOf(1), tokenOf(2)]) {
      const others = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].map(
        (last) => token.slice(0, -1) + last,
      );
      expect(others.filter((other) => tokens.read(other, true))).toEqual([token]);
    }
  });

  it('cannot be made of random bytes', () => {
    for (let length = 0; length < 200; length++)
      expect(tokens.read(randomBytes(length).toString('base64url'), true)).toBeUndefined();
  });

  it('take any URL that a browser can go to', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (given) => {
        const { href } = new URL(given);
        expect(unpackUrl(packUrl(href))).toBe(href);
        const id = randomUUID();
        expect(tokens.read(tokens.sign({ mailId: id, recipient: 0, url: href }), true)?.url).toBe(href);
      }),
    );
  });
});
