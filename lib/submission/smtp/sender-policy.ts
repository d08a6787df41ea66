import { domainToASCII } from 'node:url';
import type { RawField } from '../../mime/raw-header.js';
import { readAuthors } from './authors.js';
import { SmtpRefusalError } from './smtp-refusal.error.js';
import type { SubmissionUser } from './submission-authenticator.js';

/** Whether the user may send from a domain. @param senders undefined: from all */
export function maySendFrom(domain: string, senders: SubmissionUser['senders']): boolean {
  const asked = ascii(domain);
  return (
    senders === undefined ||
    senders.some((sender) =>
      sender.startsWith('*.') ? asked.endsWith(`.${ascii(sender.slice(2))}`) : asked === ascii(sender),
    )
  );
}

/** @param address of MAIL FROM; the null sender is anybody's. @throws SmtpRefusalError */
export function checkReturnPath(address: string, senders: SubmissionUser['senders']): void {
  if (address === '' || maySendFrom(address.slice(address.lastIndexOf('@') + 1), senders)) return;
  throw new SmtpRefusalError(550, '5.7.1', `<${address}> is not of a domain that you may send from`);
}

/** There is one From, and all its authors are the user's. @throws SmtpRefusalError */
export function checkAuthors(fields: readonly RawField[], senders: SubmissionUser['senders']): void {
  const [from, second] = fields.filter(({ name }) => name === 'from');
  if (!from || second)
    throw new SmtpRefusalError(550, '5.6.0', 'A message has a From field, and one only (RFC 5322 section 3.6)');
  if (senders === undefined) return;
  const authors = readAuthors(Buffer.from(from.value, 'latin1').toString());
  if (!authors) throw new SmtpRefusalError(550, '5.6.0', 'From: is no list of mail addresses (RFC 5322 section 3.4)');
  const other = authors.find((author) => !maySendFrom(author.slice(author.lastIndexOf('@') + 1), senders));
  if (other !== undefined)
    throw new SmtpRefusalError(550, '5.7.1', `From: <${other}> is not of a domain that you may send from`);
}

function ascii(domain: string): string {
  return domainToASCII(domain) || domain.toLowerCase();
}
