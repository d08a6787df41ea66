import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ehloExtensions } from '../../lib/transport/smtp/ehlo-extensions.js';
import { MAX_WORDS, parseReply, replyText } from '../../lib/transport/smtp/smtp-reply.js';

describe('an answer', () => {
  it.each([
    ['250 Ok', { code: 250, text: '250 Ok' }],
    ['250 2.1.0 Ok', { code: 250, enhancedCode: '2.1.0', text: '250 2.1.0 Ok' }],
    ['250', { code: 250, text: '250' }],
    [
      '550-5.1.1 No\n550-5.1.1 such\n550 5.1.1 user',
      { code: 550, enhancedCode: '5.1.1', text: '550 5.1.1 No such user' },
    ],
    ['550-No\r\n550 5.7.1 policy', { code: 550, enhancedCode: '5.7.1', text: '550 5.7.1 No policy' }],
    ['550 5.7.509 DMARC', { code: 550, enhancedCode: '5.7.509', text: '550 5.7.509 DMARC' }],
    ['550 1.2.3.4 is listed', { code: 550, text: '550 1.2.3.4 is listed' }],
    ['550 5.1.1.7 is no code', { code: 550, text: '550 5.1.1.7 is no code' }],
    ['nonsense', { code: 0, text: 'nonsense' }],
    ['', { code: 0, text: '' }],
  ])('%j is read as %j', (answer, expected) => {
    expect(parseReply(answer)).toEqual(expected);
  });

  it('of any kind gives a short text without control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (answer) => {
        for (const text of [parseReply(answer).text, replyText(answer)]) {
          expect(text.length).toBeLessThanOrEqual(MAX_WORDS);
          expect(text).not.toMatch(/[\p{Cc}]/u);
        }
      }),
    );
  });

  it('reads the same whether it is parsed or taken as it is', () => {
    for (const answer of ['250 Ok', '250 2.0.0 Ok: queued as 4Fz1', '250-a\n250 b']) {
      expect(replyText(answer)).toBe(parseReply(answer).text);
    }
  });
});

it('to EHLO is read keyword by keyword', () => {
  const answer =
    '250-mx.acme.test at your service STARTTLS\n250-size 35882577\n250-AUTH=PLAIN LOGIN\n250-8BITMIME\n250 PIPELINING';
  expect([...ehloExtensions(answer)]).toEqual([
    ['SIZE', '35882577'],
    ['AUTH', 'PLAIN LOGIN'],
    ['8BITMIME', ''],
    ['PIPELINING', ''],
  ]);
});
