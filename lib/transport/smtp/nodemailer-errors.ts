import type { NodemailerError } from 'nodemailer';
import { lost, refused } from './smtp-errors.js';
import { redacted } from './smtp-login.js';
import { parseReply } from './smtp-reply.js';
import type { SmtpException } from './smtp-verdict.js';
import { SmtpError, type SmtpPhase } from './smtp.error.js';

/**
 * Nodemailer's error as ours.
 *
 * @param phase how far the conversation had come; the error's own `command` is `CONN` for most failures
 * @param secrets are taken out of the server's words
 * @param exceptions what this provider's replies mean where the usual rules get them wrong
 */
export function translated(
  error: NodemailerError,
  endpoint: string,
  phase: SmtpPhase,
  secrets: readonly string[] = [],
  exceptions: readonly SmtpException[] = [],
): SmtpError {
  const at = phaseOf(error, phase);
  if (error.response) {
    const reply = parseReply(redacted(error.response, secrets));
    if (reply.code >= 400) return refused(endpoint, at, reply, '', exceptions);
    return lost(endpoint, at, 'EPROTOCOL', `an answer that makes no sense: ${reply.text}`);
  }
  // What nodemailer itself does not send: an address with a line break, a message larger than SIZE.
  if (error.code === 'EENVELOPE' || error.code === 'EMESSAGE') {
    return new SmtpError(at, error.message, { scope: 'message', permanent: true, code: error.code });
  }
  const code = systemCode(error);
  return lost(endpoint, at, code, redacted(why(error, code), secrets), error);
}

/** The code of a system error, which nodemailer moves aside. */
export function systemCode(error: Error & { code?: string; originalCode?: string }): string {
  return error.originalCode ?? error.code ?? 'ECONNECTION';
}

/** An error's message; that of several addresses tried in turn has none of its own. */
export function why(error: Error & { errors?: readonly Error[] }, code: string): string {
  const message = error.message || error.errors?.[0]?.message || code;
  return CERTIFICATE.test(code) ? `${message} (a certificate of your own is trusted with tlsOptions.ca)` : message;
}

const CERTIFICATE = /SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)/;

const COMMANDS: Readonly<Record<string, SmtpPhase>> = {
  EHLO: 'ehlo',
  HELO: 'ehlo',
  STARTTLS: 'tls',
  'MAIL FROM': 'mail',
  'RCPT TO': 'rcpt',
};

function phaseOf({ command = '', code, response }: NodemailerError, phase: SmtpPhase): SmtpPhase {
  if (code === 'ETLS') return 'tls';
  // 421 to the last RCPT, when DATA was pipelined after it; to DATA itself it comes with the command.
  if (command === 'CONN' && response && phase === 'data') return 'rcpt';
  return COMMANDS[command] ?? phase;
}
