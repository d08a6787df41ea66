import { describe, expect, it } from 'vitest';
import { relaxedBody, relaxedField } from '../../lib/dkim/canonicalization.js';

describe('relaxed canonicalization', () => {
  it('does what the example of RFC 6376 section 3.4.5 shows', () => {
    expect(['A: X', 'B : Y\t\r\n\tZ  '].map(relaxedField)).toEqual(['a:X', 'b:Y Z']);
    expect(Buffer.from(relaxedBody(Buffer.from(' C \r\nD \t E\r\n\r\n\r\n'))).toString()).toBe(' C\r\nD E\r\n');
  });

  it('leaves bytes alone that only look like whitespace', () => {
    expect(relaxedField('Subject: a\u00a0 \u0085b\u00a0')).toBe('subject:a\u00a0 \u0085b\u00a0');
  });

  it('makes nothing of a body without content', () => {
    for (const body of ['', '\r\n', ' \t\r\n\r\n']) expect(relaxedBody(Buffer.from(body))).toHaveLength(0);
  });
});
