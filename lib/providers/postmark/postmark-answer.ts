import { MailError } from '../../errors/mail.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import type { HttpAnswer } from '../../transport/http/http-answer.js';
import { amended } from '../../transport/foreign-error.js';
import { refused, shortened, unreadable } from '../../transport/http/http-failures.js';
import type { RecipientResult, TransportResult } from '../../transport/mail-transport.js';
import { postmarkExtras } from './postmark-extras.interface.js';
import { POSTMARK_ERRORS, type PostmarkVerdict } from './postmark-errors.js';

/** What Postmark says of one message: https://postmarkapp.com/developer/api/email-api#send-a-single-email */
interface PostmarkReply {
  ErrorCode?: unknown;
  Message?: unknown;
  MessageID?: unknown;
}

/**
 * What one answer means for one message.
 *
 * @param reply the body, or the item of a batch
 * @throws HttpError
 */
export function postmarkResult(message: MailMessage, answer: HttpAnswer, reply: unknown): TransportResult {
  const { ErrorCode: code = 0, Message: words, MessageID: id } = asReply(reply);
  if (code === 0 && answer.status < 300 && typeof id === 'string' && id !== '') {
    const inactive = ours(message, named(words, INACTIVE));
    return {
      providerMessageId: id,
      ...(typeof words === 'string' && { response: shortened(words) }),
      ...(inactive.length > 0 && { recipients: outcomes(message, inactive, refusal(message, answer, 406, words)) }),
    };
  }
  if (typeof code !== 'number' || code === 0) throw unreadable(answer);
  const error = refusal(message, answer, code, words);
  const recipients = refusedRecipients(message, code, words, error);
  if (recipients) return { recipients };
  throw error;
}

/** Why a whole request failed. */
export function postmarkFailure(message: MailMessage | undefined, answer: HttpAnswer): MailError {
  const { ErrorCode: code, Message: words } = asReply(answer.json);
  return typeof code === 'number' && code !== 0 ? refusal(message, answer, code, words) : unreadable(answer);
}

function asReply(value: unknown): PostmarkReply {
  return typeof value === 'object' && value !== null ? value : {};
}

function refusal(message: MailMessage | undefined, answer: HttpAnswer, code: number, words: unknown): MailError {
  const known = POSTMARK_ERRORS[code];
  const verdict: PostmarkVerdict | undefined =
    known?.reason === 'message-stream' && message && postmarkExtras(message).messageStream !== undefined
      ? { ...known, scope: 'message', permanent: true }
      : known;
  return refused(answer, `${typeof words === 'string' ? words : ''} (ErrorCode ${code})`, {
    ...verdict,
    code: String(code),
  });
}

/** The recipients that are to blame, where Postmark names them; undefined where it is no recipient's fault. */
function refusedRecipients(
  message: MailMessage,
  code: number,
  words: unknown,
  error: MailError,
): RecipientResult[] | undefined {
  const { to } = message.envelope;
  if (code === 406) {
    const inactive = ours(message, named(words, INACTIVE));
    return outcomes(message, inactive.length > 0 ? inactive : to, error, UNKNOWN);
  }
  if (code !== 300 || typeof words !== 'string' || !RECIPIENT_FIELD.test(words)) return undefined;
  const bad = to.length === 1 ? to : ours(message, named(words, ADDRESS));
  if (bad.length === 0) return undefined;
  return outcomes(message, bad, amended(error, { scope: 'recipient', reason: 'bad-address' }), NOT_SENT);
}

function outcomes(
  { envelope }: MailMessage,
  bad: readonly string[],
  error: MailError,
  others?: MailError,
): RecipientResult[] {
  return envelope.to.map((address): RecipientResult => {
    if (bad.includes(address)) return { address, state: 'bounced', error };
    return others ? { address, state: 'deferred', error: others } : { address, state: 'sent' };
  });
}

/** Those of the attempt's recipients that are named; Postmark has addresses in lower case. */
function ours({ envelope }: MailMessage, addresses: readonly string[]): string[] {
  return envelope.to.filter((address) => addresses.includes(address.toLowerCase()));
}

function named(words: unknown, pattern: RegExp): string[] {
  const list = typeof words === 'string' ? pattern.exec(words)?.[1] : undefined;
  return (list ?? '').split(',').map((address) => address.trim().toLowerCase());
}

const NOT_SENT = new MailError('Postmark sent nothing: it refused others of the recipients', { scope: 'recipient' });
/** The page says that nothing is sent when a recipient is inactive; some have seen that the others got the mail. */
const UNKNOWN = new MailError(
  'Postmark refused others of the recipients, and does not say whether this one was sent to',
  { scope: 'recipient', ambiguous: true },
);

// "Message OK, but will not deliver to these inactive addresses: a@x.test, b@x.test. Inactive recipients are ..."
const INACTIVE = /inactive addresses:\s*(.+?)\.?\s*(?:Inactive recipients|$)/is;
// "Invalid 'To' address: 'a@x'." and "Error parsing 'Cc': Illegal email domain 'x' in address 'a@x'."
const RECIPIENT_FIELD = /^(?:Invalid|Error\s+parsing)\s+'(?:To|Cc|Bcc)'/i;
const ADDRESS = /address:?\s*'([^']*)'/i;
