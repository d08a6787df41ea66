import type { Readable } from 'node:stream';
import type { Duration } from '../duration.js';
import type { SafeHtml } from './html.js';
import type { MailStream, Priority } from './mail-message.interface.js';
import type { Track } from './track.js';

/** `'ada@x.test'`, `'Ada <ada@x.test>'`, or an object: an application's user record fits as it is. */
export type AddressInput =
  string | { name?: string; address: string } | { name?: string | null; email: string; locale?: string | null };

export type OneOrMany<T> = T | readonly T[];

/** At least one recipient, by type. */
export type Recipients =
  | { to: OneOrMany<AddressInput>; cc?: OneOrMany<AddressInput>; bcc?: OneOrMany<AddressInput> }
  | { to?: undefined; cc: OneOrMany<AddressInput>; bcc?: OneOrMany<AddressInput> }
  | { to?: undefined; cc?: undefined; bcc: OneOrMany<AddressInput> };

/** Give `content` or `path`, not both. Read in `send()`, once. */
export interface AttachmentInput {
  /** What the recipient sees; default the last part of `path`. */
  filename?: string;
  /** A string is UTF-8; a stream is read to its end. */
  content?: string | Uint8Array | Readable;
  /** A file of the application's; never build it from a user's input. */
  path?: string;
  /** Default by the ending of `filename`, else `application/octet-stream`. */
  contentType?: string;
  /** Makes it an inline part, referred to as `cid:...`. */
  cid?: string;
}

/** How long and how often a deferred mail is tried again. */
export interface RetryOptions {
  /** From acceptance (or `sendAt`) until the mail bounces with reason `expired`. Default `'24h'`. */
  maxAge?: Duration;
  /** The first wait at most; it doubles with each attempt, with full jitter. Default `'10s'`. */
  delay?: Duration;
  /** The longest wait. Default `'1h'`. */
  maxDelay?: Duration;
}

/** What only one provider understands, by provider; each provider declares its own. */
export interface ProviderExtras {
  [name: string]: object | undefined;
}

/**
 * Whether a mail carries `List-Unsubscribe`, with one click (RFC 8058), and knows `{{unsubscribeUrl}}`. `list` names it in `List-Id` and in
 * the `unsubscribed` event; who unsubscribes gets no more mails of its stream.
 */
export type UnsubscribeChoice = boolean | { list?: string };

/** What every form of mail takes beside its recipients. */
export interface MailOptions {
  subject?: string;
  from?: AddressInput;
  replyTo?: OneOrMany<AddressInput>;
  /** The envelope sender (return path); default the address of `from`. */
  envelope?: { from?: string };
  headers?: Record<string, string>;
  attachments?: readonly AttachmentInput[];
  tags?: readonly string[];
  metadata?: Record<string, string>;
  locale?: string;
  tenant?: string;
  stream?: MailStream;
  priority?: Priority;
  /** Not before this long from now. Not with `sendAt`. */
  delay?: Duration;
  /** Not before this time. Not with `delay`. */
  sendAt?: Date;
  /** The name of a transport of the configuration, instead of its route. */
  transport?: string;
  /** The same key is queued once; the second call returns the first mail with `duplicate: true`. */
  idempotencyKey?: string;
  retry?: RetryOptions;
  /** Default as the relay's `unsubscribe.streams` say: `true` for `broadcast`, once the relay has `unsubscribe`. */
  unsubscribe?: UnsubscribeChoice;
  /** Opens and clicks: over what `@Mail` and the relay say. Needs the relay's `tracking`. */
  track?: Track;
  /** What only one provider understands, by provider: passed on as it is, ignored by the others. */
  provider?: ProviderExtras;
  /** Aborts a `send()` that is still waiting for the queue. */
  signal?: AbortSignal;
}

/** `subject` is literal here; with a template it may be left to the template's front matter. */
export type InlineMessage = Recipients &
  MailOptions &
  (
    | { subject: string; html?: string | SafeHtml; text?: string; template?: undefined; context?: undefined }
    | { template: string; context?: object; html?: undefined; text?: undefined }
  );
