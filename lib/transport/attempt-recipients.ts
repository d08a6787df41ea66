import type { MailAddress, MailMessage } from '../mail/mail-message.interface.js';

/** Whom one attempt is for, by the header they stand in. */
export interface AttemptRecipients {
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly bcc: readonly MailAddress[];
}

/**
 * The recipients of an attempt, for transports that send to a message's headers rather than to its envelope: whoever had the mail before
 * is left out, and whoever is in no header (a mail that is redirected) is put into `bcc`.
 */
export function attemptRecipients({ to, cc, bcc, envelope }: MailMessage): AttemptRecipients {
  const left = new Set(envelope.to);
  const pick = (list: readonly MailAddress[]): MailAddress[] => list.filter(({ address }) => left.delete(address));
  const recipients = { to: pick(to), cc: pick(cc), bcc: pick(bcc) };
  recipients.bcc.push(...[...left].map((address) => ({ address })));
  // Many a provider asks for a `to`. One recipient alone may see his own address.
  const only = [...recipients.to, ...recipients.cc, ...recipients.bcc];
  return only.length === 1 ? { to: only, cc: [], bcc: [] } : recipients;
}
