import type { Readable } from 'node:stream';
import type { DeliveryNotifications } from './delivery-notifications.interface.js';

/** A parsed and validated address; an international domain is in its ASCII form (punycode). */
export interface MailAddress {
  readonly name?: string;
  readonly address: string;
}

/** Kinds of mail that must not hold each other up or share a reputation: `transactional` (default), `broadcast`, or your own. */
export type MailStream = 'transactional' | 'broadcast' | (string & {});

export type Priority = 'high' | 'normal' | 'low';

/** One attachment of a {@link MailMessage}. */
export interface MailAttachment {
  readonly filename?: string;
  readonly contentType: string;
  /** Set for an inline part, which the HTML names as `cid:...`. */
  readonly cid?: string;
  /** Bytes, before any encoding. */
  readonly size?: number;
  /** A new stream over the content, at each call. */
  content(): Readable;
}

/** A message as a transport gets it: composed, validated, rendered, and never changed again. */
export interface MailMessage {
  readonly id: string;
  /** With angle brackets; made once in `send()`, the same for every attempt. */
  readonly messageId: string;
  readonly from: MailAddress;
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly bcc: readonly MailAddress[];
  readonly replyTo: readonly MailAddress[];
  readonly subject: string;
  readonly html?: string;
  readonly text?: string;
  readonly attachments: readonly MailAttachment[];
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** `to` is whom this attempt is for; RFC 5321 section 2.3.1. */
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly locale?: string;
  readonly stream: MailStream;
  readonly tenant?: string;
  /** Name of the mail class, when there is one. */
  readonly mail?: string;
  /** What only one provider understands, by provider. */
  readonly provider: Readonly<Record<string, object | undefined>>;
  /** What the sender of a submitted message asked to be told, for a transport that can pass it on (RFC 3461). */
  readonly notify?: DeliveryNotifications;
  /** When `send()` accepted the mail: its `Date` header. Default now. */
  readonly date?: Date;
  /** The whole message as MIME with CRLF line ends, made once. Bcc is not in it. */
  raw(): Promise<Uint8Array>;
}
