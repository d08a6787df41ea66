import { addressesIn, addressOf } from './addresses-in.js';
import type { BouncedRecipient, BounceReport } from './bounce-report.interface.js';
import { decodeHeader } from '../../mime/decode-header.js';
import { textOf } from './decode-text.js';
import { headerOf, type MimePart, readFields } from './mime-reader.js';
import { messageIdOf, originalOf, subjectOf, wordsOf } from './original-mail.js';

/** A complaint (RFC 5965), also of hosts that leave the machine-readable part out; `null` for anything else. */
export function readComplaint(whole: MimePart, parts: readonly MimePart[]): BounceReport | null {
  const feedback = parts.find(({ type }) => type === 'message/feedback-report');
  const marked = whole.parameters['report-type']?.toLowerCase() === 'feedback-report';
  if (!feedback && !marked && !isProse(whole, parts)) return readOptOut(whole);
  const fields = readFields(feedback ? textOf(feedback).replace(/^\s+/, '') : '').headers;
  const original = originalOf(parts, '');
  const feedbackType = (headerOf({ headers: fields }, 'feedback-type') || 'abuse').toLowerCase();
  const messageId = messageIdOf(original);
  return {
    kind: 'complaint',
    feedbackType,
    ...(messageId !== undefined && { originalMessageId: messageId }),
    recipients: complainants(fields, original.headers).map((address) => complainant(address, feedbackType)),
  };
}

function isProse(whole: MimePart, parts: readonly MimePart[]): boolean {
  if (/^\s*(?:re|fwd?|aw|wg)\s*:/i.test(subjectOf(whole))) return false;
  const attached = parts.some(({ type }) => type === 'message/rfc822');
  return attached && (SUBJECT.test(subjectOf(whole)) || PROSE.test(wordsOf(whole, parts).slice(0, 2_000)));
}

/** A mail program that unsubscribes for its user (RFC 2369 section 3.2), as a person with a subject of his own does not. */
function readOptOut(whole: MimePart): BounceReport | null {
  const automatic = /^auto-/i.test(headerOf(whole, 'auto-submitted')) || whole.headers.has('x-apple-unsubscribe');
  if (!automatic || !/^\s*unsubscribe\b/i.test(subjectOf(whole))) return null;
  const recipients = addressesIn(headerOf(whole, 'from')).slice(0, 1);
  return {
    kind: 'complaint',
    feedbackType: 'opt-out',
    recipients: recipients.map((address) => complainant(address, 'opt-out')),
  };
}

function complainant(address: string, feedbackType: string): BouncedRecipient {
  return { address, action: 'failed', reason: 'complaint', permanent: true, suppress: !NOT_UNWANTED.has(feedbackType) };
}

/** As reported (RFC 5965 section 3.2), or else those whom the mail was written to. */
function complainants(
  fields: ReadonlyMap<string, readonly string[]>,
  original: ReadonlyMap<string, readonly string[]>,
): string[] {
  const named = ['original-rcpt-to', 'removal-recipient'].flatMap((name) => fields.get(name) ?? []);
  const reported = named.flatMap((value) => addressOf(value) ?? []);
  if (reported.length > 0) return [...new Set(reported)].slice(0, MOST);
  const written = ['x-hmxmroriginalrecipient', 'x-original-to', 'delivered-to', 'to', 'cc'].map((name) =>
    (original.get(name) ?? []).flatMap((value) => addressesIn(decodeHeader(value))),
  );
  return [...new Set(written.find((list) => list.length > 0) ?? [])].slice(0, MOST);
}

const MOST = 100;

/** A lookup's or a filter's report, or the opposite of a complaint (RFC 6591, RFC 6430). */
const NOT_UNWANTED: ReadonlySet<string> = new Set(['not-spam', 'auth-failure', 'virus', 'dmarc']);

/** Of feedback loops that only write a sentence, and attach the mail. */
const SUBJECT =
  /^\s*(?:(?:spam|abuse|junk) )?(?:complaint about message from|(?:abuse|spam|junk) (?:report|complaint)\b|feedback loop)/i;
const PROSE =
  /this is an? (?:[\w-]{1,20} ){0,3}(?:email )?abuse report|(?:abuse|spam) (?:report|complaint)[^\n]{0,60} (?:for an? (?:e-?mail )?message|about)|complaint (?:was|has been) (?:received|filed)[^\n]{0,60}(?:user|recipient|message)/i;
