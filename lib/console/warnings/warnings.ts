import { type CheckedMail, CHECKS, linkWarnings, supportWarnings } from './checks.js';
import { markupOf } from './mail-markup.js';
import type { MailWarning } from './mail-warning.interface.js';

export type { MailWarning } from './mail-warning.interface.js';

/** What may be wrong with a mail, the worst first. */
export function warningsOf(mail: Omit<CheckedMail, 'markup'>): MailWarning[] {
  const { html } = mail.message;
  const checked: CheckedMail = html === undefined ? mail : { ...mail, markup: markupOf(html) };
  const found = CHECKS.flatMap(({ find, ...rest }): MailWarning[] => {
    const message = find(checked);
    return typeof message === 'string' ? [{ ...rest, message }] : [];
  });
  return [...found, ...linkWarnings(checked), ...supportWarnings(checked)].sort(
    (a, b) => ORDER[a.severity] - ORDER[b.severity],
  );
}

const ORDER: Readonly<Record<MailWarning['severity'], number>> = { error: 0, warn: 1, info: 2 };
