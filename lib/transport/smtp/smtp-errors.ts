import { SmtpError, type SmtpPhase } from './smtp.error.js';
import { parseReply, type SmtpReply } from './smtp-reply.js';
import { type SmtpException, verdictOf } from './smtp-verdict.js';

/**
 * The server refused.
 *
 * @param about names what was refused, where the phase does not say it all: a recipient's address
 * @param exceptions what this provider's replies mean where the usual rules get them wrong
 */
export function refused(
  endpoint: string,
  phase: SmtpPhase,
  reply: SmtpReply,
  about = '',
  exceptions: readonly SmtpException[] = [],
): SmtpError {
  const verdict = verdictOf(phase, reply, exceptions);
  return new SmtpError(phase, `${endpoint} ${ANSWERED[phase]}${about}: ${reply.text || 'an empty answer'}`, {
    ...verdict,
    ...(reply.code > 0 && { replyCode: reply.code }),
    ...(reply.enhancedCode && { enhancedCode: reply.enhancedCode }),
    ...(CODES[phase] && { code: CODES[phase] }),
  });
}

/** The server answered something else than was hoped for: it refused, or it makes no sense. */
export function unexpected(
  endpoint: string,
  phase: SmtpPhase,
  answer: string,
  exceptions: readonly SmtpException[] = [],
): SmtpError {
  const reply = parseReply(answer);
  if (reply.code >= 400) return refused(endpoint, phase, reply, '', exceptions);
  return lost(endpoint, phase, 'EPROTOCOL', `an answer that makes no sense: ${reply.text}`);
}

/** The connection could not be made, or broke. After the final "." nobody knows whether the server has the message. */
export function lost(endpoint: string, phase: SmtpPhase, code: string, why: string, cause?: unknown): SmtpError {
  return new SmtpError(phase, `${endpoint} ${LOST[phase]}: ${why}`, {
    scope: 'transport',
    ambiguous: phase === 'dot',
    code,
    ...(cause !== undefined && { cause }),
  });
}

/** The connection broke, for this reason. */
export function broken(endpoint: string, phase: SmtpPhase, error: SystemError): SmtpError {
  const code = error.code ?? 'ECONNECTION';
  // That of several addresses tried in turn has no message of its own.
  const message = error.message || error.errors?.[0]?.message || code;
  const advice = CERTIFICATE.test(code) ? ' (a certificate of your own is trusted with tlsOptions.ca)' : '';
  return lost(endpoint, phase, code, message + advice, error);
}

type SystemError = Error & { code?: string; errors?: readonly Error[] };

const CERTIFICATE = /SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)/;

/** The server kept us waiting too long, in milliseconds. */
export function timedOut(endpoint: string, phase: SmtpPhase, after: number): SmtpError {
  return lost(endpoint, phase, 'ETIMEDOUT', `no answer within ${after / 1000} s`);
}

/** The caller's signal was aborted before the message went out. */
export function givenUp(endpoint: string, phase: SmtpPhase, cause: unknown): SmtpError {
  return new SmtpError(phase, `The message was not given to ${endpoint}: the attempt was aborted before`, {
    scope: 'transport',
    code: 'ABORT_ERR',
    cause,
  });
}

/** `close()` was called before. */
export function closed(endpoint: string): SmtpError {
  return new SmtpError('connect', `The message was not given to ${endpoint}: the transport is closed`, {
    code: 'ECLOSED',
  });
}

/** Whether the server hung up without having taken anything, as it may do with a connection that was kept open. */
export function hungUp(error: unknown): boolean {
  if (!(error instanceof SmtpError) || error.phase !== 'mail') return false;
  return error.replyCode === 421 || HANG_UPS.has(error.code ?? '');
}

const CODES: Readonly<Partial<Record<SmtpPhase, string>>> = { tls: 'ETLS', auth: 'EAUTH' };

const HANG_UPS: ReadonlySet<string> = new Set(['ECONNECTION', 'ECONNRESET', 'ECONNABORTED', 'EPIPE']);

const ANSWERED: Readonly<Record<SmtpPhase, string>> = {
  connect: 'answered',
  greeting: 'greeted us with',
  ehlo: 'answered EHLO with',
  tls: 'does not encrypt (STARTTLS)',
  auth: 'refused to log in',
  mail: 'refused the sender',
  rcpt: 'refused the recipient',
  data: 'refused DATA',
  dot: 'refused the message',
};

const LOST: Readonly<Record<SmtpPhase, string>> = {
  connect: 'cannot be reached',
  greeting: 'was lost before its greeting',
  ehlo: 'was lost after EHLO',
  tls: 'could not be reached over TLS',
  auth: 'was lost while logging in',
  mail: 'was lost after MAIL',
  rcpt: 'was lost after RCPT',
  data: 'was lost before the message was complete',
  dot: 'was lost after the message, before its answer',
};
