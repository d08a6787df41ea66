import type { MailErrorDetails } from '../../errors/mail.error.js';
import type { SmtpException } from '../../transport/smtp/smtp-verdict.js';

/** What an error of SES means. */
export interface SesVerdict {
  readonly error: string;
  /** What its message must hold. Default any. */
  readonly words?: RegExp;
  readonly verdict: MailErrorDetails;
}

/**
 * What an error of the API means, by its type, or `undefined` for one that is not listed.
 *
 * @param words its message
 */
export function sesVerdict(error: string, words: string): MailErrorDetails | undefined {
  return VERDICTS.find((one) => one.error === error && (one.words === undefined || one.words.test(words)))?.verdict;
}

/** Of the account: nothing is wrong with the mail, which waits. */
const ACCOUNT = { scope: 'transport', permanent: false } as const;
const MESSAGE = { scope: 'message', permanent: true } as const;

/** "Maximum sending rate exceeded" is about seconds. */
const RATE: MailErrorDetails = { ...ACCOUNT, reason: 'rate', retryAfter: '2s' };
/** "Daily message quota exceeded" is about the last 24 hours, so that it frees itself little by little. */
const QUOTA: MailErrorDetails = { ...ACCOUNT, reason: 'quota', retryAfter: '1h' };
const DAILY = /\bdaily\b|24.hour/i;
const CREDENTIALS: MailErrorDetails = { ...ACCOUNT, reason: 'credentials' };
const CONFIGURATION: MailErrorDetails = { ...ACCOUNT, reason: 'configuration' };

/**
 * The first that fits counts. The errors of SendEmail, those common to all of AWS, and those of signing.
 *
 * @see https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
 * @see https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html
 * @see https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
 */
const VERDICTS: readonly SesVerdict[] = [
  { error: 'TooManyRequestsException', words: DAILY, verdict: QUOTA },
  { error: 'TooManyRequestsException', verdict: RATE },
  { error: 'ThrottlingException', words: DAILY, verdict: QUOTA },
  { error: 'ThrottlingException', verdict: RATE },
  { error: 'Throttling', words: DAILY, verdict: QUOTA },
  { error: 'Throttling', verdict: RATE },
  { error: 'RequestLimitExceeded', verdict: RATE },
  { error: 'LimitExceededException', words: /rate/i, verdict: RATE },
  { error: 'LimitExceededException', verdict: QUOTA },

  // https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html
  { error: 'MessageRejected', words: /not verified/i, verdict: { ...MESSAGE, reason: 'sender' } },
  { error: 'MessageRejected', words: /suspended|paused|shut ?down/i, verdict: { ...ACCOUNT, reason: 'account' } },
  { error: 'MessageRejected', verdict: { ...MESSAGE, reason: 'rejected' } },
  {
    error: 'BadRequestException',
    words: /too (?:large|long)|exceeds? .*size|maximum .*size/i,
    verdict: { ...MESSAGE, reason: 'too-large' },
  },
  {
    error: 'BadRequestException',
    words: /illegal address|invalid (?:email )?address|local address|domain (?:name|contains)|@domain/i,
    verdict: { ...MESSAGE, scope: 'recipient', reason: 'bad-address' },
  },
  { error: 'BadRequestException', verdict: MESSAGE },

  { error: 'AccountSuspendedException', verdict: { ...ACCOUNT, reason: 'account' } },
  { error: 'SendingPausedException', verdict: { ...ACCOUNT, reason: 'account' } },
  { error: 'MailFromDomainNotVerifiedException', verdict: CONFIGURATION },
  // The configuration set, the tenant or the contact list that does not exist.
  { error: 'NotFoundException', verdict: CONFIGURATION },
  { error: 'UnknownOperationException', verdict: CONFIGURATION },

  { error: 'UnrecognizedClientException', verdict: CREDENTIALS },
  { error: 'InvalidClientTokenId', verdict: CREDENTIALS },
  { error: 'InvalidSignatureException', verdict: CREDENTIALS },
  { error: 'SignatureDoesNotMatch', verdict: CREDENTIALS },
  { error: 'IncompleteSignature', verdict: CREDENTIALS },
  { error: 'IncompleteSignatureException', verdict: CREDENTIALS },
  { error: 'MissingAuthenticationToken', verdict: CREDENTIALS },
  { error: 'MissingAuthenticationTokenException', verdict: CREDENTIALS },
  { error: 'AccessDenied', verdict: CREDENTIALS },
  { error: 'AccessDeniedException', verdict: CREDENTIALS },
  { error: 'NotAuthorized', verdict: CREDENTIALS },
  { error: 'OptInRequired', verdict: CREDENTIALS },
  { error: 'ExpiredToken', verdict: CREDENTIALS },
  { error: 'ExpiredTokenException', verdict: CREDENTIALS },
  // Our clock is wrong.
  { error: 'RequestExpired', verdict: CREDENTIALS },
  { error: 'RequestTimeTooSkewed', verdict: CREDENTIALS },
];

/**
 * What SES's replies mean where the usual rules get them wrong.
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-smtp.html
 */
export const SES_SMTP_EXCEPTIONS: readonly SmtpException[] = [
  { codes: [454], words: DAILY, verdict: { ...ACCOUNT, reason: 'quota', retryAfter: '1h' } },
  { codes: [454], words: /throttling|rate exceeded/i, verdict: { ...ACCOUNT, reason: 'rate', retryAfter: '2s' } },
  { codes: [454], verdict: ACCOUNT },
  // "Too many concurrent SMTP connections"
  { codes: [421], words: /concurrent/i, verdict: { ...ACCOUNT, reason: 'rate' } },
  { codes: [554], words: /suspended|paused|shut ?down/i, verdict: { ...ACCOUNT, reason: 'account' } },
  { codes: [554], words: /access denied|not authorized/i, verdict: { ...ACCOUNT, reason: 'credentials' } },
  { codes: [554], words: /configuration set/i, verdict: { ...ACCOUNT, reason: 'configuration' } },
  { codes: [554], words: /not verified/i, verdict: { ...MESSAGE, reason: 'sender' } },
  { codes: [554], words: /message rejected/i, verdict: { ...MESSAGE, reason: 'rejected' } },
];
