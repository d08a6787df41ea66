import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MailMessageError } from '../../lib/errors/mail-message.error.js';
import { checkHeaders, mergeHeaders } from '../../lib/mail/headers.js';

describe('headers', () => {
  it.each([
    [{ 'X-Tag': 'a\r\nBcc: eve@x.test' }, 'headers.X-Tag'],
    [{ 'X-Tag': 'a\nb' }, 'headers.X-Tag'],
    [{ 'X-Tag': 'a\0b' }, 'headers.X-Tag'],
    [{ 'X Tag': 'a' }, 'headers."X Tag"'],
    [{ 'X:Tag': 'a' }, 'headers."X:Tag"'],
    [{ 'X-Tag\r\nBcc': 'a' }, 'headers.'],
    [{ 'X-Tag': 7 }, 'headers.X-Tag'],
    [['a'], 'headers'],
  ])('refuses %j', (headers, field) => {
    expect(() => checkHeaders(headers)).toThrow(MailMessageError);
    expect(() => checkHeaders(headers)).toThrow(field);
  });

  it.each([
    'Subject',
    'from',
    'BCC',
    'Message-ID',
    'Content-Type',
    'content-disposition',
    'MIME-Version',
    'Reply-To',
    'Date',
  ])('leaves %s to the relay', (name) => {
    expect(() => checkHeaders({ [name]: 'x' })).toThrow('written by the relay');
  });

  it('are the same whatever their case: the last layer wins', () => {
    expect(mergeHeaders({ 'X-A': '1', 'X-B': '1' }, undefined, { 'x-a': '2' })).toEqual({ 'x-a': '2', 'X-B': '1' });
  });

  it('never hold a line break once they are accepted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, value) => {
        try {
          for (const pair of Object.entries(checkHeaders({ [name]: value })))
            expect(pair.join('')).not.toMatch(/[\r\n\0]/);
        } catch (error) {
          expect(error).toBeInstanceOf(MailMessageError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
