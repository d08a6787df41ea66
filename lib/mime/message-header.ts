import { MailMessageError } from '../errors/mail-message.error.js';
import { checkHeaders, checkLine } from '../mail/headers.js';
import type { MailAddress } from '../mail/mail-message.interface.js';
import { encodedWords, isPlain } from './encoded-word.js';
import { fits, fold, foldWords, PREFERRED_LINE } from './fold.js';
import type { MimeInput } from './mime-input.interface.js';

/**
 * The header of a message up to its MIME fields, each line with its CRLF. ASCII but for the local parts of addresses, which stand there
 * in UTF-8 (RFC 6532).
 *
 * @throws MailMessageError for what would break out of its line, cannot be sent, or is a header that the relay writes itself
 */
export function messageHeader(message: MimeInput): string {
  const { from, to, cc, replyTo } = message;
  let header = addressField('From', [from], 'from');
  if (to.length > 0) header += addressField('To', to, 'to');
  // Without it some receivers take the mail for spam; the empty group is RFC 5322 section 3.4.
  else if (cc.length === 0) header += 'To: undisclosed-recipients:;\r\n';
  if (cc.length > 0) header += addressField('Cc', cc, 'cc');
  if (replyTo.length > 0) header += addressField('Reply-To', replyTo, 'replyTo');
  header += subjectField(message.subject);
  header += `Message-ID: ${messageId(message.messageId)}\r\n`;
  header += `Date: ${headerDate(message.date ?? new Date())}\r\n`;
  for (const [name, value] of Object.entries(checkHeaders(message.headers))) header += headerField(name, value);
  return `${header}MIME-Version: 1.0\r\n`;
}

/** Their display names quoted or encoded, as each needs it. @param field names the list in errors */
export function addressField(name: string, list: readonly MailAddress[], field: string): string {
  const words: string[] = [];
  list.forEach((address, index) => {
    const mailbox = mailboxWords(address, list.length > 1 ? `${field}[${index}]` : field);
    if (index < list.length - 1) mailbox[mailbox.length - 1] += ',';
    words.push(...mailbox);
  });
  return `${foldWords(name, words)}\r\n`;
}

function mailboxWords({ name, address }: MailAddress, field: string): string[] {
  if (NOT_IN_ADDRESS.test(address)) throw new MailMessageError(field, 'the address holds a control character');
  return name ? [...phrase(checkLine(name, `${field}.name`)), `<${address}>`] : [address];
}

/** A display name, RFC 5322 section 3.2.5. A long one goes as encoded words too: they can be folded. */
function phrase(name: string): string[] {
  if (name.length > LONGEST_NAME || !isPlain(name)) return encodedWords(name, LONGEST_NAME);
  return [ATOMS.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`];
}

export function subjectField(text: string): string {
  const value = checkLine(text, 'subject').trim();
  if (isPlain(value)) {
    const folded = fold('Subject', value);
    if (fits(folded)) return `${folded}\r\n`;
  }
  return `${foldWords('Subject', encodedWords(value, PREFERRED_LINE - 'Subject: '.length))}\r\n`;
}

/**
 * One field, folded, with its CRLF. An ASCII value goes as it is, encoded words and all: only the application knows the header's grammar.
 *
 * @throws MailMessageError for a line that no server takes
 */
export function headerField(name: string, text: string): string {
  const value = text.trim();
  const folded = ASCII.test(value)
    ? fold(name, value)
    : foldWords(name, encodedWords(value, PREFERRED_LINE - name.length - 2));
  if (!fits(folded)) {
    throw new MailMessageError(
      `headers.${name}`,
      'has more than 998 characters without a space: no server takes such a line',
    );
  }
  return `${folded}\r\n`;
}

function messageId(id: string): string {
  if (!MESSAGE_ID.test(id)) throw new MailMessageError('messageId', `${JSON.stringify(id)} is no <id@domain>`);
  return id;
}

/** RFC 5322 section 3.3. */
export function headerDate(value: Date): string {
  if (Number.isNaN(value.getTime())) throw new MailMessageError('date', 'is no valid date');
  return value.toUTCString().replace('GMT', '+0000');
}

const LONGEST_NAME = 60;
// oxlint-disable-next-line no-control-regex
const NOT_IN_ADDRESS = /[\0-\x1f\x7f]/;
const ATOMS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const ASCII = /^[\t -~]*$/;
const MESSAGE_ID = /^<[^\s<>]{1,990}>$/;
