import { MailError, type MailErrorDetails } from '../errors/mail.error.js';

/** An error, or an answer, that is not ours: nothing is certain about its fields. */
export type Foreign = Readonly<Record<string, unknown>>;

/** Anything as something whose fields can be read. */
export function asForeign(value: unknown): Foreign {
  return typeof value === 'object' && value !== null ? (value as Foreign) : { message: value };
}

/**
 * A failure with the words of an error that is not ours.
 *
 * @param who names the transport in the message
 */
export function foreignFailure(who: string, error: unknown, details: MailErrorDetails): MailError {
  const { message, code } = asForeign(error);
  return new MailError(`${who}: ${String(message).slice(0, LONGEST)}`, {
    ...((typeof code === 'string' || typeof code === 'number') && { code: String(code) }),
    cause: stripped(error),
    ...details,
  });
}

/** The same failure, where more is known of it. */
export function amended(error: MailError, details: MailErrorDetails | undefined): MailError {
  if (!details) return error;
  const { permanent, scope, ambiguous, code, replyCode, enhancedCode, reason, retryAfter, cause } = error;
  const known = { permanent, scope, ambiguous, code, replyCode, enhancedCode, reason, retryAfter, cause };
  return new MailError(error.message, { ...known, ...details });
}

/** Whether an error, or each that it was made of, happened before the provider can have had the message. */
export function neverLeft(error: unknown): boolean {
  const { code, originalCode, syscall, timeoutType, cause, errors } = asForeign(error);
  if (BEFORE.has(String(code)) || BEFORE.has(String(originalCode))) return true;
  if (CERTIFICATE.test(`${String(code)} ${String(originalCode)}`) || CONNECTING.has(String(syscall))) return true;
  if (typeof timeoutType === 'string' && timeoutType !== 'SOCKET_TIMEOUT') return true;
  if (Array.isArray(errors) && errors.length > 0) return errors.every(neverLeft);
  return cause !== undefined && cause !== error && neverLeft(cause);
}

/** The error without what its maker hung on it: that may be the whole request, with its password. */
function stripped(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined;
  const copy = new Error(error.message);
  copy.name = error.name;
  if (error.stack !== undefined) copy.stack = error.stack;
  return copy;
}

const LONGEST = 500;
const CONNECTING: ReadonlySet<string> = new Set(['connect', 'getaddrinfo']);
const CERTIFICATE = /\b(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

const BEFORE: ReadonlySet<string> = new Set([
  // Node's, of the system and of `fetch`.
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  // nodemailer's, those of its codes that come before MAIL.
  'EDNS',
  'ETLS',
  'EREQUIRETLS',
  'EAUTH',
  'ENOAUTH',
  'EOAUTH2',
  'EMAXLIMIT',
  'ECONFIG',
  'EPROXY',
  'EFILEACCESS',
  'EURLACCESS',
]);
