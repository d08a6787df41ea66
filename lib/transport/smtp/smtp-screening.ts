import type { MailMessage } from '../../mail/mail-message.interface.js';
import { SmtpError } from './smtp.error.js';

/** What the server could only refuse, before anything is sent to it. */
export interface SmtpScreening {
  readonly to: readonly string[];
  readonly refused: ReadonlyMap<string, SmtpError>;
}

/**
 * Compares a message with what the server offered in EHLO: SIZE (RFC 1870), and SMTPUTF8 for addresses with a local part that is not
 * ASCII (RFC 6531 section 3.2). A recipient that does not fit is refused alone.
 *
 * @param size bytes of the message
 * @throws SmtpError permanent, when the message is too large or its sender does not fit
 */
export function screened(
  { from: author, envelope: { from, to } }: Pick<MailMessage, 'from' | 'envelope'>,
  size: number,
  extensions: ReadonlyMap<string, string>,
  endpoint: string,
): SmtpScreening {
  // 0 is "no fixed limit".
  const limit = Number.parseInt(extensions.get('SIZE') ?? '', 10) || Infinity;
  if (size > limit)
    throw refusal(TOO_LARGE, 'mail', `${endpoint} takes messages of ${limit} bytes at most, and this one has ${size}`);
  const utf8 = extensions.has('SMTPUTF8');
  for (const address of [from, author.address]) {
    const sender = misfit(address, utf8);
    if (sender) throw refusal(sender, 'mail', `${endpoint} ${sender.words}: the sender <${address}>`);
  }
  if (!to.some((address) => misfit(address, utf8))) return { to, refused: NOBODY };
  const refused = new Map<string, SmtpError>();
  for (const address of to) {
    const recipient = misfit(address, utf8);
    if (recipient) refused.set(address, refusal(recipient, 'rcpt', `${endpoint} ${recipient.words}: <${address}>`));
  }
  return { to: to.filter((address) => !refused.has(address)), refused };
}

interface Misfit {
  readonly replyCode: number;
  readonly enhancedCode: string;
  readonly reason: string;
  readonly words: string;
}

const NOBODY: ReadonlyMap<string, SmtpError> = new Map();

/** As the server itself would have refused. */
const TOO_LARGE: Misfit = { replyCode: 552, enhancedCode: '5.3.4', reason: 'too-large', words: '' };
const NOT_ASCII: Misfit = {
  replyCode: 553,
  enhancedCode: '5.6.7',
  reason: 'smtputf8',
  words: 'offers no SMTPUTF8, which this address needs',
};
const MALFORMED: Misfit = {
  replyCode: 553,
  enhancedCode: '5.1.3',
  reason: 'bad-address',
  words: 'cannot be given this address',
};

function misfit(address: string, utf8: boolean): Misfit | undefined {
  if (BREAKS_OUT.test(address)) return MALFORMED;
  return !utf8 && NON_ASCII.test(address) ? NOT_ASCII : undefined;
}

// What would end the command, or the path within it: RFC 5321 section 4.1.2.
// oxlint-disable-next-line no-control-regex
const BREAKS_OUT = /[\u0000-\u001f\u007f<>]/;
const NON_ASCII = /[^\u0000-\u007f]/; // oxlint-disable-line no-control-regex

function refusal({ replyCode, enhancedCode, reason }: Misfit, phase: 'mail' | 'rcpt', message: string): SmtpError {
  const scope = phase === 'rcpt' ? 'recipient' : 'message';
  return new SmtpError(phase, message, { scope, permanent: true, replyCode, enhancedCode, reason });
}
