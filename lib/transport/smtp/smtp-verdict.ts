import type { Duration } from '../../duration.js';
import type { ErrorScope } from '../../errors/mail.error.js';
import type { SmtpPhase } from './smtp.error.js';
import type { SmtpReply } from './smtp-reply.js';

/** What a refusal means for the mail. */
export interface SmtpVerdict {
  readonly scope: ErrorScope;
  readonly permanent: boolean;
  readonly reason?: string;
  /** How long to leave the server alone, where that is known. */
  readonly retryAfter?: Duration;
}

/** Replies of which the rules get the meaning wrong, and what they mean. */
export interface SmtpException {
  readonly codes: readonly number[];
  /** Subject and detail of the enhanced code, RFC 3463; `''` stands for an answer without one. Default any. */
  readonly details?: readonly string[];
  /** Default all. */
  readonly phases?: readonly SmtpPhase[];
  /** What the server's words must hold. Default any. */
  readonly words?: RegExp;
  readonly verdict: Partial<SmtpVerdict>;
}

/**
 * What a server's refusal means: 4yz is for now, 5yz for ever (RFC 5321 section 4.2.1), whose it is follows from the command that
 * was refused, and {@link EXCEPTIONS} are what these two rules get wrong.
 *
 * @param exceptions those of one provider, which come first
 */
export function verdictOf(phase: SmtpPhase, reply: SmtpReply, exceptions: readonly SmtpException[] = []): SmtpVerdict {
  const scope = SCOPES[phase];
  const permanent = scope !== 'transport' && reply.code >= 500;
  const fits = (exception: SmtpException): boolean => applies(exception, phase, reply);
  return { scope, permanent, ...(exceptions.find(fits) ?? EXCEPTIONS.find(fits))?.verdict };
}

const SCOPES: Readonly<Record<SmtpPhase, ErrorScope>> = {
  connect: 'transport',
  greeting: 'transport',
  ehlo: 'transport',
  tls: 'transport',
  auth: 'transport',
  mail: 'message',
  rcpt: 'recipient',
  data: 'message',
  dot: 'message',
};

/** The first that fits counts. */
const EXCEPTIONS: readonly SmtpException[] = [
  // "Service not available, closing transmission channel": RFC 5321 section 3.8.
  { codes: [421], verdict: { scope: 'transport', permanent: false } },
  // Authentication required, too weak, failed, or encryption needed for it: RFC 4954 section 6.
  { codes: [530, 534, 535, 538], verdict: { scope: 'transport', permanent: false, reason: 'credentials' } },
  { codes: [500, 501, 502, 503, 504, 550, 554], phases: ['auth'], verdict: { reason: 'credentials' } },
  // The session is out of step, which says nothing of the mail.
  { codes: [503], verdict: { permanent: false } },
  // Too many recipients is for now, even where 552 says it: RFC 5321 section 4.5.3.1.10.
  { codes: [451, 452, 552], details: ['5.3'], verdict: { permanent: false, reason: 'too-many-recipients' } },
  { codes: [552, 554, 550, 523], details: ['3.4', '2.3'], verdict: { reason: 'too-large' } },
  // "Exceeded storage allocation": of a mailbox after RCPT; elsewhere the message is larger than SIZE allows, RFC 1870 section 6.
  { codes: [451, 452, 552, 550, 422], details: ['2.2'], verdict: { reason: 'mailbox-full' } },
  { codes: [552], details: [''], phases: ['rcpt'], verdict: { reason: 'mailbox-full' } },
  { codes: [552], details: [''], phases: ['mail', 'data', 'dot'], verdict: { reason: 'too-large' } },
  // RFC 6531 section 3.5.
  { codes: [550, 553], details: ['6.7'], verdict: { reason: 'smtputf8' } },
];

function applies(
  { codes, details, phases, words }: SmtpException,
  phase: SmtpPhase,
  { code, enhancedCode, text }: SmtpReply,
): boolean {
  if (!codes.includes(code)) return false;
  if (phases && !phases.includes(phase)) return false;
  if (words && !words.test(text)) return false;
  return !details || details.includes(enhancedCode?.slice(2) ?? '');
}
