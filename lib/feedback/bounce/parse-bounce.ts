import { meaningOf } from '../../errors/refusal-words.js';
import { readAutoReply } from './auto-reply.js';
import { isGeneral, replyCodeIn, statusIn } from './bounce-codes.js';
import type { BouncedRecipient, BounceReport, RecipientAction } from './bounce-report.interface.js';
import { readComplaint } from './complaint.js';
import { readDeliveryStatus, readStatusFields, type StatusFields } from './delivery-status.js';
import { eachPart, type MimePart, readMime } from './mime-reader.js';
import { messageIdOf, originalOf, splitQuoted, wordsOf } from './original-mail.js';
import { isFromServer, isReport, recipientsIn, saysDelayed } from './prose.js';
import { readSesNotification } from './ses-notification.js';
import { stageIn } from './smtp-stage.js';
import { transcriptOf } from './transcript.js';

/**
 * Reads what came back by mail: a delivery status notification (RFC 3464), a bounce in prose, a complaint (RFC 5965), an auto-reply
 * (RFC 3834), or none of them. It asks nobody, and takes a few milliseconds whatever the bytes are: at most the first MiB and 60 parts of
 * a mail are looked at.
 *
 * A text that only quotes or forwards a bounce is none: what counts is who wrote it, and its structure.
 */
export async function parseBounce(source: Uint8Array | string): Promise<BounceReport> {
  const whole = readMime(source);
  const report = read(whole);
  const deliveredTo = DELIVERED_TO.flatMap((name) => whole.headers.get(name) ?? []).slice(0, 20);
  return { ...report, ...(deliveredTo.length > 0 && { deliveredTo }) };
}

function read(whole: MimePart): BounceReport {
  const parts = [...eachPart(whole)];
  const complaint = readComplaint(whole, parts);
  if (complaint) return complaint;
  const fields = readDeliveryStatus(parts);
  if (fields.length > 0) return readNotification(whole, parts, fields);
  const words = `\n${wordsOf(whole, parts)}`;
  const answer = readAutoReply(whole) ?? readSesNotification(whole, words);
  if (answer) return answer;
  if (isReceipt(parts) || !isReport(whole, words)) return none();
  return readWrapped(parts, words) ?? readLoose(whole, parts, words) ?? readProse(whole, parts, words) ?? none();
}

function none(): BounceReport {
  return { kind: 'none', recipients: [] };
}

/** That somebody has read or deleted a mail (RFC 8098). */
function isReceipt(parts: readonly MimePart[]): boolean {
  return parts.some(({ type }) => type === 'message/disposition-notification');
}

/** Fields of a notification without the part that they belong into. */
function readLoose(whole: MimePart, parts: readonly MimePart[], words: string): BounceReport | null {
  const fields = readStatusFields(words);
  return fields.length > 0 ? readNotification(whole, parts, fields) : null;
}

/** A report that a gateway has put into one of its own: a server does not report on reports (RFC 5321 section 4.5.5). */
function readWrapped(parts: readonly MimePart[], words: string): BounceReport | null {
  const attached =
    parts.find(({ type }) => type === 'message/rfc822')?.raw ??
    /\n(?:return-path: *<>|from mailer-daemon )[^]*/i.exec(words)?.[0];
  if (attached === undefined) return null;
  const whole = readMime(Buffer.from(attached.trimStart(), 'latin1'));
  const inner = [...eachPart(whole)];
  const fields = readDeliveryStatus(inner);
  return isFromServer(whole) && fields.length > 0 ? readNotification(whole, inner, fields) : null;
}

function readNotification(whole: MimePart, parts: readonly MimePart[], fields: readonly StatusFields[]): BounceReport {
  const { words, quoted } = splitQuoted(`\n${wordsOf(whole, parts)}`);
  const recipients = fields.map((one) => fromFields(one, words, fields.length));
  return reportOf(recipients, messageIdOf(originalOf(parts, quoted)));
}

function fromFields(
  { address, originalAddress, action, status, diagnostic }: StatusFields,
  words: string,
  of: number,
): BouncedRecipient {
  const around = of === 1 ? words : wordsAbout(address, words);
  const said = `${diagnostic}\n${transcriptOf(around)}`;
  const more = statusIn(transcriptOf(around)) ?? statusIn(around);
  return recipient({
    address,
    ...(originalAddress !== undefined && { originalAddress }),
    action,
    status: statusOf(status, statusIn(diagnostic), more),
    said,
    around,
    diagnostic,
  });
}

/** What the server answered says more than what its reporter makes of it; unless it says nothing. */
function statusOf(
  field: string | undefined,
  answered: string | undefined,
  more: string | undefined,
): string | undefined {
  if (answered !== undefined && !isGeneral(answered)) return answered;
  return field === undefined || isGeneral(field) ? (more ?? answered ?? field) : field;
}

function readProse(whole: MimePart, parts: readonly MimePart[], text: string): BounceReport | null {
  const { words, quoted } = splitQuoted(text);
  const original = originalOf(parts, quoted);
  const action: RecipientAction = saysDelayed(whole, words) ? 'delayed' : 'failed';
  const found = recipientsIn(whole, words, original);
  if (found.length === 0) return null;
  const recipients = found.map(({ address, words: about }) => {
    const said = transcriptOf(about) || about;
    return recipient({
      address,
      action,
      status: statusIn(said) ?? statusIn(about),
      said,
      around: about,
      diagnostic: said,
    });
  });
  return reportOf(recipients, messageIdOf(original));
}

interface Findings {
  address: string;
  originalAddress?: string;
  action: RecipientAction;
  status: string | undefined;
  /** What the server answered. */
  said: string;
  /** What the reporter wrote of it. */
  around: string;
  diagnostic: string;
}

function recipient({ address, originalAddress, action, status, said, around, diagnostic }: Findings): BouncedRecipient {
  const base = {
    address,
    ...(originalAddress !== undefined && { originalAddress }),
    action,
    ...(status !== undefined && { status }),
  };
  if (action !== 'failed' && action !== 'delayed')
    return { ...base, reason: action, permanent: false, suppress: false };
  const replyCode = replyCodeIn(said) ?? replyCodeIn(around);
  const spoken = meaningOf(said, status);
  const { reason, suppress } = spoken.reason === 'other' ? meaningOf(around, status) : spoken;
  const permanent = action === 'failed' && !(status?.startsWith('4') ?? (replyCode !== undefined && replyCode < 500));
  const text = diagnostic.trim().replaceAll(/\s+/g, ' ').slice(0, 1_000);
  return {
    ...base,
    ...(replyCode !== undefined && { replyCode }),
    reason,
    ...(text !== '' && { diagnostic: text }),
    permanent,
    suppress: action === 'failed' && suppress && isSure(reason, status, replyCode, `${said}\n${around}`),
  };
}

/**
 * Filters that have seen the mail say "user unknown" too, and say it of people who are there: it counts where a code says it (RFC 3463
 * X.1.x), where it answers the recipient, and where the reporter itself looked, with no reply of another server's.
 */
function isSure(reason: string, status: string | undefined, replyCode: number | undefined, words: string): boolean {
  const stage = stageIn(words);
  if (reason === 'bad-domain') return !status?.startsWith('4') && stage !== 'mail' && !/, *try again\b/i.test(words);
  if (reason !== 'bad-address') return true;
  if (status !== undefined && /^\d\.1\.(?:[01236]|10|351)$/.test(status)) return true;
  return stage === 'rcpt' || (stage === undefined && (replyCode === undefined || status === '5.5.0'));
}

function reportOf(recipients: BouncedRecipient[], originalMessageId: string | undefined): BounceReport {
  const actions = new Set(recipients.map(({ action }) => action));
  const kind = actions.has('failed') ? 'bounce' : actions.has('delayed') ? 'delay' : 'delivered';
  return { kind, ...(originalMessageId !== undefined && { originalMessageId }), recipients };
}

/** Of several recipients, the lines that are about one. */
function wordsAbout(address: string, words: string): string {
  const at = words.toLowerCase().indexOf(address.toLowerCase());
  if (at < 0) return '';
  const rest = words.slice(at + address.length);
  const end = /\n\s*\n|\n[^\n]*@/.exec(rest)?.index ?? rest.length;
  return words.slice(at, at + address.length + end);
}

/** Where the server that took the report writes down whom it was for. */
const DELIVERED_TO = ['delivered-to', 'x-original-to', 'envelope-to', 'x-envelope-to', 'x-rcpt-to', 'to'];
