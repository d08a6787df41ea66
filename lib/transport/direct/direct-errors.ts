import { DnsError } from '../../dns/dns.error.js';
import { MailError, type MailErrorDetails } from '../../errors/mail.error.js';
import { SmtpError } from '../smtp/smtp.error.js';

/** No mail can ever be delivered there. The enhanced codes are those that a server would give. */
export function unroutable(message: string, enhancedCode: string, code: string, reason = 'bad-domain'): MailError {
  return new MailError(message, { scope: 'recipient', permanent: true, enhancedCode, code, reason });
}

/** Not now. */
export function unreachable(message: string, details: MailErrorDetails = {}): MailError {
  return new MailError(message, { scope: 'recipient', reason: 'network', ...details });
}

/**
 * What went wrong with one domain's servers says nothing of others: it is never the transport's. What a server said of the message stays
 * the message's.
 */
export function ofRecipient(thrown: unknown, retryAfter?: number): MailError {
  if (!(thrown instanceof MailError)) {
    const { message, code } = thrown as Error & { code?: unknown };
    const known = thrown instanceof DnsError || typeof code === 'string' ? { code: String(code) } : {};
    return unreachable(message ?? String(thrown), {
      ...known,
      cause: thrown,
      ...(retryAfter !== undefined && { retryAfter }),
    });
  }
  if (thrown.scope !== 'transport' && retryAfter === undefined) return thrown;
  const scope = thrown.scope === 'message' ? 'message' : 'recipient';
  // That a stranger's server wants a login is no fault of our credentials.
  const reason = thrown.reason === 'credentials' ? 'policy' : thrown.reason;
  const details: MailErrorDetails = {
    scope,
    permanent: thrown.permanent,
    ambiguous: thrown.ambiguous,
    ...defined({
      code: thrown.code,
      replyCode: thrown.replyCode,
      enhancedCode: thrown.enhancedCode,
      reason: reason ?? (thrown.replyCode === undefined ? 'network' : undefined),
      retryAfter: retryAfter ?? thrown.retryAfter,
    }),
    cause: thrown.cause,
  };
  return thrown instanceof SmtpError
    ? new SmtpError(thrown.phase, thrown.message, details)
    : new MailError(thrown.message, details);
}

/** All of its servers were looked at, and none could be tried. */
export function noServer(domain: string): MailError {
  return unreachable(`${domain} cannot be reached: none of its servers can be tried`, { enhancedCode: '4.4.4' });
}

/** The server is in trouble, not the mail: another one may take it. RFC 3463 sections 3.4 and 3.5: X.3 is the system, X.4 the network. */
export function isServerTrouble(error: MailError): boolean {
  if (error.permanent || error.ambiguous) return false;
  return error.scope === 'transport' || /^4\.[34]\./.test(error.enhancedCode ?? '');
}

function defined<T extends object>(details: T): Partial<T> {
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined)) as Partial<T>;
}
