import { isAscii } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { MailAddress } from '../mail/mail-message.interface.js';
import { addressField, headerDate, headerField, subjectField } from '../mime/message-header.js';
import { headerEnd } from '../mime/raw-header.js';

/** What a report says of one recipient; RFC 3464 section 2.3. */
export interface ReportedRecipient {
  readonly address: string;
  /** As the client named him, with its type: `rfc822;ada@acme.test`. */
  readonly original?: string;
  readonly action: 'failed' | 'delayed' | 'delivered' | 'relayed';
  /** RFC 3463: `5.1.1`. */
  readonly status: string;
  /** The last server's words. */
  readonly diagnostic?: string;
  /** Whether a server said them, in SMTP. */
  readonly smtp?: boolean;
  readonly at: Date;
  readonly retryUntil?: Date;
}

export interface DeliveryReport {
  readonly from: MailAddress;
  readonly to: string;
  /** The domain name of who reports. */
  readonly reporter: string;
  readonly arrivedAt: Date;
  /** The client's own name for the message. */
  readonly envid?: string;
  /** At least one, all with the same action. */
  readonly recipients: readonly ReportedRecipient[];
  readonly messageId: string;
  readonly subject?: string;
  /** The message, or its header; left out where it is not at hand. */
  readonly original?: { readonly bytes: Uint8Array; readonly whole: boolean };
}

/** A delivery status notification as a message (RFC 3464 section 2), but for its Date and Message-ID. */
export function deliveryReport(report: DeliveryReport): Uint8Array {
  const boundary = `report-${randomBytes(18).toString('hex')}`;
  const { from, to, recipients, messageId, subject } = report;
  const words = WORDS[recipients[0]!.action];
  const parts = [
    part('text/plain; charset=utf-8', Buffer.from(explanation(report, words.text))),
    statusPart(report),
    ...(report.original ? [originalPart(report.original)] : []),
  ];
  const header = [
    addressField('From', [from], 'from'),
    // In UTF-8, where it is not ASCII (RFC 6532).
    `To: <${to}>\r\n`,
    subjectField(subject ? `${words.subject}: ${subject.slice(0, LONGEST_SUBJECT)}` : words.subject),
    // RFC 3834 section 5: nobody answers it by himself.
    'Auto-Submitted: auto-replied\r\n',
    headerField('In-Reply-To', messageId),
    headerField('References', messageId),
    'MIME-Version: 1.0\r\n',
    `Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="${boundary}"\r\n`,
    // RFC 2045 section 6.4: a whole says so, too.
    parts.every((bytes) => isAscii(bytes)) ? '' : EIGHT_BIT,
  ];
  const separated = parts.flatMap((bytes) => [Buffer.from(`--${boundary}\r\n`), bytes, CRLF]);
  return Buffer.concat([Buffer.from(`${header.join('')}\r\n`), ...separated, Buffer.from(`--${boundary}--\r\n`)]);
}

const CRLF = Buffer.from('\r\n');

const WORDS: Readonly<Record<ReportedRecipient['action'], { subject: string; text: string }>> = {
  failed: {
    subject: 'Not delivered',
    text: 'Your message could not be delivered to the following recipients, and will not be tried again.',
  },
  delayed: {
    subject: 'Delayed',
    text: 'Your message has not been delivered to the following recipients yet. It will be tried again; there is nothing that you need to do.',
  },
  delivered: { subject: 'Delivered', text: 'Your message has been delivered to the following recipients.' },
  relayed: {
    subject: 'Relayed',
    text: 'Your message has been handed to the mail servers of the following recipients, which may send no further notice.',
  },
};

function explanation({ recipients }: DeliveryReport, text: string): string {
  const list = recipients.map(({ address, diagnostic, retryUntil }) =>
    [
      `  <${address}>`,
      ...(diagnostic === undefined ? [] : [`    ${diagnostic}`]),
      ...(retryUntil ? [`    It will be tried until ${retryUntil.toUTCString()}.`] : []),
    ].join('\r\n'),
  );
  return `${text}\r\n\r\n${list.join('\r\n\r\n')}\r\n`;
}

/** RFC 3464; with addresses that are not ASCII, RFC 6533 section 3. */
function statusPart({ reporter, arrivedAt, envid, recipients }: DeliveryReport): Buffer {
  const message = [
    ...(envid === undefined ? [] : [headerField('Original-Envelope-Id', envid)]),
    headerField('Reporting-MTA', `dns; ${reporter}`),
    headerField('Arrival-Date', headerDate(arrivedAt)),
  ].join('');
  const text = [message, ...recipients.map(recipientFields)].join('\r\n');
  const international = !isAscii(Buffer.from(text));
  return part(international ? 'message/global-delivery-status' : 'message/delivery-status', Buffer.from(text));
}

function recipientFields(one: ReportedRecipient): string {
  const { address, original, action, status, diagnostic, smtp, at, retryUntil } = one;
  const type = isAscii(Buffer.from(address)) ? 'rfc822' : 'utf-8';
  return [
    ...(original === undefined ? [] : [`Original-Recipient: ${original.replace(';', '; ')}\r\n`]),
    `Final-Recipient: ${type}; ${address}\r\n`,
    headerField('Action', action),
    headerField('Status', status),
    ...(diagnostic === undefined
      ? []
      : [headerField('Diagnostic-Code', `${smtp ? 'smtp' : 'x-relay'}; ${ascii(diagnostic)}`)]),
    headerField('Last-Attempt-Date', headerDate(at)),
    ...(retryUntil ? [headerField('Will-Retry-Until', headerDate(retryUntil))] : []),
  ].join('');
}

/** With a header that is not ASCII, RFC 6533 section 4. */
function originalPart({ bytes, whole }: NonNullable<DeliveryReport['original']>): Buffer {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const international = !isAscii(head.subarray(0, headerEnd(head)));
  if (whole) return part(international ? 'message/global' : 'message/rfc822', bytes);
  return part(international ? 'message/global-headers' : 'text/rfc822-headers', bytes);
}

function part(type: string, content: Uint8Array): Buffer {
  const encoding = isAscii(content) ? '' : EIGHT_BIT;
  return Buffer.concat([Buffer.from(`Content-Type: ${type}\r\n${encoding}\r\n`), content]);
}

function ascii(text: string): string {
  return text.replaceAll(/[^ -~]/g, '?').slice(0, LONGEST_DIAGNOSTIC);
}

const EIGHT_BIT = 'Content-Transfer-Encoding: 8bit\r\n';

/** Characters. */
const LONGEST_DIAGNOSTIC = 900;
const LONGEST_SUBJECT = 500;
