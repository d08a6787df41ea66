import type { MailError } from '../../errors/mail.error.js';
import type { SmtpException } from '../smtp/smtp-verdict.js';

/**
 * How servers say that they do not know us yet, and will once we come again (RFC 6647):
 *
 * - postgrey: `450 4.2.0 ... Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/...`
 * - milter-greylist: `451 4.7.1 Greylisting in action, please come back in 00:05:00`
 * - sqlgrey: `450 4.7.1 ... Greylisted for 5 minutes`
 * - rspamd: `451 4.7.1 Try again later`
 * - spamd of OpenBSD: `451 Temporary failure, please try again later.`
 * - Stalwart: `422 4.2.2 Greylisted, please try again in a few moments.`
 * - Exchange Online: `451 4.7.500 Server busy. Please try again later`
 *
 * 4.7.1 without such words is a policy that is for now, where to wait is right as well.
 */
export const GREYLISTING: readonly SmtpException[] = [
  { codes: [421], words: /gr[ea]y[ -]?list/i, verdict: { scope: 'transport', permanent: false, reason: 'greylisted' } },
  {
    codes: [422, 450, 451, 452],
    phases: ['mail', 'rcpt', 'data', 'dot'],
    words: /gr[ea]y[ -]?list|\b(?:try|come|retry)(?: back| again)? (?:later|in )|please (?:try again|retry|come back)/i,
    verdict: { permanent: false, reason: 'greylisted' },
  },
  {
    codes: [450, 451],
    details: ['7.1', '7.500'],
    phases: ['mail', 'rcpt', 'data', 'dot'],
    verdict: { permanent: false, reason: 'greylisted' },
  },
];

/**
 * How long to leave a server alone that greylists us, in milliseconds: what it says, or `delay`, doubled with each attempt. A little
 * more, so that a server which counts to the second does not find us early. `undefined` where an answer is nothing of the kind.
 */
export function greylistWait(
  { reason, message }: MailError,
  delay: number,
  attempt: number,
  random = Math.random,
): number | undefined {
  if (reason !== 'greylisted') return undefined;
  const wait = Math.max(saidWait(message), Math.min(LONGEST, delay * 2 ** Math.max(0, attempt - 1)));
  return Math.ceil(wait * (1.02 + random() / 10));
}

/** Milliseconds. Who asks for more is asked again before that. */
const LONGEST = 3_600_000;

function saidWait(words: string): number {
  const [, hours, minutes, seconds] = /\b(\d{2}):(\d{2}):(\d{2})\b/.exec(words) ?? [];
  const clock = hours === undefined ? 0 : (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000;
  const [, count, unit] = /\b(\d{1,5}) ?(s|sec|second|m|min|minute|h|hour)s?\b/i.exec(words) ?? [];
  const said = count === undefined ? 0 : Number(count) * UNITS[unit![0]!.toLowerCase()]!;
  return Math.min(LONGEST, Math.max(clock, said));
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };
