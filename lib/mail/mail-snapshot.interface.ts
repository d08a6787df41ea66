import type { DeliveryNotifications } from './delivery-notifications.interface.js';
import type { Tracked } from './track.js';
import type { MailAddress, MailStream, Priority } from './mail-message.interface.js';

/**
 * A mail as the queue keeps it: all that `send()` was given, validated, and nothing of what the template makes of it.
 * Plain JSON. What may hold any value or any character is in `body`, encoded by `encodeValue`.
 */
export interface MailSnapshot {
  readonly v: 1;
  readonly id: string;
  readonly messageId: string;
  /** When `send()` took it, in milliseconds since the epoch. */
  readonly acceptedAt: number;
  /** When it may go at the earliest. */
  readonly notBefore: number;
  /** Name of the mail class. */
  readonly mail?: string;
  readonly from: MailAddress;
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly bcc: readonly MailAddress[];
  readonly replyTo: readonly MailAddress[];
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  /** Of the envelope's recipients, those that were on the suppression list when the mail was queued. */
  readonly suppressed?: readonly SuppressedRecipient[];
  readonly stream: MailStream;
  readonly priority: Priority;
  readonly locale?: string;
  readonly tenant?: string;
  readonly transport?: string;
  /** Hash of the idempotency key, where there is one. */
  readonly deduplication?: string;
  /** Milliseconds each. */
  readonly retry: { readonly maxAge: number; readonly delay: number; readonly maxDelay: number };
  /** What is tracked of it, where anything is. */
  readonly track?: Tracked;
  /** Who is told by mail what becomes of it, where somebody is. */
  readonly notify?: SenderNotify;
  /** A {@link MailBody}, encoded. */
  readonly body: string;
  readonly attachments: readonly SnapshotAttachment[];
}

/** Whom to tell what becomes of a mail, and what of it: RFC 3461. */
export interface SenderNotify extends DeliveryNotifications {
  /** The sender's own return path, whatever the mail goes out with. */
  readonly sender: string;
}

/** Somebody who is not written to. */
export interface SuppressedRecipient {
  readonly address: string;
  /** The entry's. */
  readonly reason: string;
}

/** The part of a snapshot that is encoded with its types. */
export interface MailBody {
  readonly content: SnapshotContent;
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly provider: Readonly<Record<string, object | undefined>>;
  /** Where its recipient can unsubscribe. */
  readonly unsubscribeUrl?: string;
}

/** Where the words come from. */
export type SnapshotContent =
  /** It came as MIME, and is the mail's only attachment. */
  | { readonly kind: 'raw'; readonly subject: string }
  | { readonly kind: 'inline'; readonly subject: string; readonly html?: string; readonly text?: string }
  | {
      readonly kind: 'template';
      readonly template: string;
      readonly layout?: string | false;
      readonly context: object;
      /** Wins over the front matter; `literal` is not a template itself. */
      readonly subject?: { readonly text: string; readonly literal: boolean };
    }
  | {
      readonly kind: 'mailable';
      readonly data: unknown;
      readonly subject?: { readonly text: string; readonly literal: boolean };
    };

export interface SnapshotAttachment {
  readonly filename?: string;
  readonly contentType: string;
  readonly cid?: string;
  /** Base64; empty where it lies elsewhere, or is at hand as bytes. */
  readonly content: string;
  /** The content in this process's memory: before it is queued, and for the worker where many mails share it. Never stored. */
  readonly bytes?: Uint8Array;
  /** Where the content lies that many mails share. */
  readonly blob?: string;
  /** It is not there any more. */
  readonly gone?: boolean;
}
