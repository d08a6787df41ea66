import { shownAddress } from './address.js';
import type { MailHead } from './mail-head.interface.js';
import type { MailBody, MailSnapshot } from './mail-snapshot.interface.js';

/** What is shown of a mail that was not rendered: the rest is known once it is. */
export function unrenderedHead({ from }: Pick<MailSnapshot, 'from'>, { content }: MailBody): MailHead {
  return { subject: subjectOf(content), from: shownAddress(from) };
}

function subjectOf(content: MailBody['content']): string {
  if (content.kind === 'inline' || content.kind === 'raw') return content.subject;
  return content.subject?.literal ? content.subject.text : '';
}
