import { describe, expect, it } from 'vitest';
import { GREYLISTING, greylistWait } from '../../../lib/transport/direct/greylisting.js';
import { refused } from '../../../lib/transport/smtp/smtp-errors.js';
import { parseReply } from '../../../lib/transport/smtp/smtp-reply.js';
import type { SmtpError } from '../../../lib/transport/smtp/smtp.error.js';

function said(answer: string): SmtpError {
  return refused('smtp://mx.acme.test:25', 'rcpt', parseReply(answer), '', GREYLISTING);
}

/** Minutes, without what is added at random. */
function minutes(answer: string, attempt = 1): number | undefined {
  const wait = greylistWait(said(answer), 300_000, attempt, () => 0);
  return wait === undefined ? undefined : Math.round(wait / 1.02 / 60_000);
}

describe('greylisting', () => {
  it.each([
    '450 4.2.0 <a@acme.test>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/acme.test.html',
    '451 4.7.1 Greylisting in action, please come back in 00:05:00',
    '450 4.7.1 <a@acme.test>: Recipient address rejected: Greylisted for 5 minutes',
    '451 4.7.1 Try again later',
    '451 Temporary failure, please try again later.',
    '422 4.2.2 Greylisted, please try again in a few moments.',
    '451 4.7.500 Server busy. Please try again later from [192.0.2.1]',
    '421 4.7.0 Graylisted',
    '450 Grey listing',
  ])('is understood: %s', (answer) => {
    expect(said(answer)).toMatchObject({ permanent: false, reason: 'greylisted' });
    expect(minutes(answer)).toBe(5);
  });

  it.each([
    '550 5.7.1 Greylisted for ever',
    '450 4.2.1 Mailbox busy',
    '452 4.2.2 Mailbox full',
    '451 4.3.0 Temporary lookup failure',
    '550 5.1.1 No such user, try again later',
  ])('is not this: %s', (answer) => {
    expect(minutes(answer)).toBeUndefined();
  });

  it('is waited for longer each time, up to an hour', () => {
    const answer = '451 4.7.1 Try again later';
    expect([1, 2, 3, 4, 5, 50].map((attempt) => minutes(answer, attempt))).toEqual([5, 10, 20, 40, 60, 60]);
  });

  it('is waited for as long as the server says', () => {
    expect(minutes('451 4.7.1 Greylisting in action, please come back in 00:20:00')).toBe(20);
    expect(minutes('450 4.7.1 Greylisted, retry in 900 seconds')).toBe(15);
    expect(minutes('450 4.7.1 Greylisted for 12 minutes')).toBe(12);
    expect(minutes('450 4.7.1 Greylisted for 300 hours')).toBe(60);
  });
});
