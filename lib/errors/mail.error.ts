import { type Duration, toMilliseconds } from '../duration.js';

/**
 * Whose fault a failure is, and so what happens next:
 *
 * - `recipient`, `message`: it belongs to the mail, which is deferred or bounced;
 * - `transport`: connection, credentials, quota, provider down. The mail is fine, and waits without using up its attempts.
 */
export type ErrorScope = 'message' | 'recipient' | 'transport';

/** What a {@link MailError} says beside its message. All of it is optional. */
export interface MailErrorDetails {
  /** `true`: trying again cannot help. Default `false`. */
  permanent?: boolean;
  /** Default `transport`. */
  scope?: ErrorScope;
  /** `true`: the provider may have taken the message, since its answer was lost. Default `false`. */
  ambiguous?: boolean;
  /** A stable code: `ECONNREFUSED`, or the provider's own. */
  code?: string;
  /** SMTP reply code, RFC 5321 section 4.2. */
  replyCode?: number;
  /** Enhanced status code such as `5.1.1`, RFC 3463. */
  enhancedCode?: string;
  /** One word for the cause, such as `mailbox-full` or `expired`. */
  reason?: string;
  /** How long the provider asks to be left alone. */
  retryAfter?: Duration;
  cause?: unknown;
}

/**
 * Everything that this package throws about a mail. A transport throws it to say what went wrong *and* what that means:
 *
 * @example
 * throw new MailError('Mailbox full', { scope: 'recipient', replyCode: 452, enhancedCode: '4.2.2' });
 */
export class MailError extends Error {
  readonly permanent: boolean;
  readonly scope: ErrorScope;
  readonly ambiguous: boolean;
  readonly code?: string;
  readonly replyCode?: number;
  readonly enhancedCode?: string;
  readonly reason?: string;
  /** Milliseconds. */
  readonly retryAfter?: number;

  constructor(message: string, details: MailErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.permanent = details.permanent ?? false;
    this.scope = details.scope ?? 'transport';
    this.ambiguous = details.ambiguous ?? false;
    if (details.code !== undefined) this.code = details.code;
    if (details.replyCode !== undefined) this.replyCode = details.replyCode;
    if (details.enhancedCode !== undefined) this.enhancedCode = details.enhancedCode;
    if (details.reason !== undefined) this.reason = details.reason;
    if (details.retryAfter !== undefined) this.retryAfter = toMilliseconds(details.retryAfter, 'retryAfter');
  }
}
