import { MailError, type MailErrorDetails } from '../../errors/mail.error.js';

/**
 * How far a conversation had come: `connect` (TCP, and the proxy), `greeting`, `ehlo`, `tls`, `auth`, `mail`, `rcpt`, `data` (until
 * the whole message is written) and `dot` (waiting for the answer to the message: RFC 5321 section 4.1.1.4).
 */
export type SmtpPhase = 'connect' | 'greeting' | 'ehlo' | 'tls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'dot';

/** What went wrong between us and an SMTP server. The server's own words are in the message, shortened to 500 characters. */
export class SmtpError extends MailError {
  readonly phase: SmtpPhase;

  constructor(phase: SmtpPhase, message: string, details: MailErrorDetails = {}) {
    super(message, details);
    this.phase = phase;
  }
}
