import type { SmtpException } from '../../transport/smtp/smtp-verdict.js';

/** Of the account: nothing is wrong with the mail, which waits. */
const ACCOUNT = { scope: 'transport', permanent: false } as const;

/** Counted over the last 24 hours, so that it frees itself little by little: at the latest after a day. */
const DAILY = { ...ACCOUNT, reason: 'quota', retryAfter: '1h' } as const;

/**
 * What Gmail's replies mean where the usual rules get them wrong: a quota that is used up, and a relay that does not know us, come as 550
 * to RCPT or to the message, as if a recipient did not exist. Words count, since 5.7.1 is also said of mails that look like spam.
 *
 * @see https://support.google.com/a/answer/3726730
 * @see https://support.google.com/a/answer/2956491
 */
export const GOOGLE_EXCEPTIONS: readonly SmtpException[] = [
  // "Daily user sending limit exceeded", "Daily SMTP relay limit exceeded for user"
  { codes: [550], details: ['4.5'], verdict: DAILY },
  // "Daily SMTP relay limit exceeded for customer"
  { codes: [550], words: /daily .*\b(?:limit|quota) exceeded/i, verdict: DAILY },
  // "Peak SMTP relay limit exceeded for customer": counted over 10 minutes.
  {
    codes: [450, 550],
    words: /relay limit exceeded/i,
    verdict: { ...ACCOUNT, reason: 'quota', retryAfter: '10m' },
  },
  // The IP address, the login or the sender is not among those that the relay's settings allow.
  { codes: [550], words: /invalid credentials for relay/i, verdict: { ...ACCOUNT, reason: 'configuration' } },
  { codes: [550], words: /mail relay denied/i, verdict: { ...ACCOUNT, reason: 'configuration' } },
  // Of the envelope's sender, whenever it is said: not of the recipients.
  {
    codes: [550],
    words: /mail sending denied/i,
    verdict: { scope: 'message', permanent: true, reason: 'sender' },
  },
  { codes: [454], phases: ['auth'], words: /too many login/i, verdict: { reason: 'rate', retryAfter: '10m' } },
];
