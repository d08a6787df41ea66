import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { base64Lines, shareEncoding } from '../../lib/mime/base64.js';

describe('base64 in lines', () => {
  it.each([...Array.from({ length: 120 }, (_, length) => length), 1_000, 4_095, 65_537])(
    'of %i bytes has 76 characters a line, no line end after the last, and gives the bytes back',
    (length) => {
      const bytes = randomBytes(length);
      const text = Buffer.from(base64Lines(bytes)).toString('latin1');
      expect(text).toBe(bytes.toString('base64').replace(/.{76}(?=.)/g, '$&\r\n'));
      expect(Buffer.from(text, 'base64').equals(bytes)).toBe(true);
    },
  );

  it('of a content that is shared is made once, and of any other each time', () => {
    const [own, shared] = [randomBytes(5_000), randomBytes(5_000)];
    shareEncoding(shared);
    expect(base64Lines(shared)).toBe(base64Lines(shared));
    const before = base64Lines(own);
    own.fill(0);
    expect(base64Lines(own)).not.toEqual(before);
  });

  it('of a part of a larger buffer is of that part alone', () => {
    const part = randomBytes(300).subarray(7, 107);
    expect(Buffer.from(Buffer.from(base64Lines(part)).toString('latin1'), 'base64').equals(part)).toBe(true);
  });
});
