import { asciiDomain } from '../../mail/address.js';
import type { RawField } from '../../mime/raw-header.js';
import { readAuthors } from './authors.js';
import { shown } from './relay-headers.js';
import { SmtpRefusalError } from './smtp-refusal.error.js';
import type { SubmissionUser } from './submission-authenticator.js';

/** Whether the user may send from a domain; never from what is none. @param senders undefined: from all */
export function maySendFrom(domain: string, senders: SubmissionUser['senders']): boolean {
  if (senders === undefined) return true;
  const asked = asciiDomain(domain);
  return senders.some((sender) => {
    const allowed = asciiDomain(sender.replace(/^\*\./, ''));
    if (asked === '' || allowed === '') return false;
    return sender.startsWith('*.') ? asked.endsWith(`.${allowed}`) : asked === allowed;
  });
}

/** @param address of MAIL FROM; the null sender is anybody's. @throws SmtpRefusalError */
export function checkReturnPath(address: string, senders: SubmissionUser['senders']): void {
  if (address === '' || maySendFrom(address.slice(address.lastIndexOf('@') + 1), senders)) return;
  throw new SmtpRefusalError(550, '5.7.1', `<${address}> is not of a domain that you may send from`);
}

/** There is one From, and all whom a reader may take for the sender are the user's. @throws SmtpRefusalError */
export function checkAuthors(fields: readonly RawField[], senders: SubmissionUser['senders']): void {
  const [from, second] = fields.filter(({ name }) => name === 'from');
  if (!from || second)
    throw new SmtpRefusalError(550, '5.6.0', 'A message has a From field, and one only (RFC 5322 section 3.6)');
  if (senders === undefined) return;
  for (const field of [from, ...fields.filter(({ name }) => SENDER_FIELDS.has(name))]) checkField(field, senders);
}

function checkField({ name, value }: RawField, senders: SubmissionUser['senders']): void {
  const authors = readAuthors(Buffer.from(value, 'latin1').toString());
  if (!authors)
    throw new SmtpRefusalError(550, '5.6.0', `${shown(name)}: is no list of mail addresses (RFC 5322 section 3.4)`);
  const other = authors.find((author) => !maySendFrom(author.slice(author.lastIndexOf('@') + 1), senders));
  if (other !== undefined)
    throw new SmtpRefusalError(550, '5.7.1', `${shown(name)}: <${other}> is not of a domain that you may send from`);
}

/** Beside From: RFC 5322 sections 3.6.2 and 3.6.6. In lower case. */
export const SENDER_FIELDS: ReadonlySet<string> = new Set(['sender', 'resent-from', 'resent-sender']);
