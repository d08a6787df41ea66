import { isIP } from 'node:net';
import { headerDate } from '../../mime/message-header.js';

/** What a trace field says. */
export interface Reception {
  /** How the client called itself. */
  readonly helo: string;
  readonly address: string;
  /** The server's own name. */
  readonly by: string;
  /** `ESMTPSA` (RFC 3848), or `UTF8SMTPSA` (RFC 6531 section 4.3). */
  readonly protocol: string;
  readonly id: string;
  /** Only named where it is the only one: the others need not know of each other. */
  readonly recipient?: string;
  readonly user?: string;
  readonly date: Date;
}

/** The trace field of a message that was taken (RFC 5321 section 4.4), with its CRLF. */
export function receivedField({ helo, address, by, protocol, id, recipient, user, date }: Reception): string {
  const from = HELO.test(helo) ? helo : 'unknown';
  const lines = [
    `Received: from ${from} (${literal(address)})`,
    ...(user === undefined ? [] : [`(Authenticated sender: ${comment(user)})`]),
    `by ${by} with ${protocol} id ${id}`,
    ...(recipient === undefined ? [] : [`for <${recipient}>`]),
  ];
  return `${lines.join('\r\n\t')};\r\n\t${headerDate(date)}\r\n`;
}

/** RFC 5321 section 4.1.3. */
function literal(address: string): string {
  return isIP(address) === 6 ? `[IPv6:${address}]` : `[${address}]`;
}

/** RFC 5322 section 3.2.2, in ASCII. */
function comment(text: string): string {
  return text.replaceAll(/[^ -~]|[()\\]/g, '?').slice(0, 200);
}

/** A domain or an address literal. */
const HELO = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9_])?|\[[A-Za-z0-9:.]{2,60}\])$/;
