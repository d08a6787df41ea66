import type { Duration } from '../../duration.js';
import type { AddressInput, OneOrMany, RetryOptions, UnsubscribeChoice } from '../../mail/mail-options.interface.js';
import type { MailStream, Priority } from '../../mail/mail-message.interface.js';
import type { Track } from '../../mail/track.js';

/** An attachment in JSON. */
export interface ApiAttachment {
  filename?: string;
  /** In base64 (RFC 4648 section 4). */
  content: string;
  contentType?: string;
  cid?: string;
}

/** What both kinds of message take. */
interface ApiOptions {
  tags?: readonly string[];
  metadata?: Record<string, string>;
  tenant?: string;
  stream?: MailStream;
  priority?: Priority;
  transport?: string;
  delay?: Duration;
  /** ISO 8601 with an offset: `2026-12-24T18:00:00Z`. */
  sendAt?: string;
  idempotencyKey?: string;
  retry?: RetryOptions;
  provider?: Record<string, Record<string, unknown>>;
}

/** A message in JSON: an `InlineMessage`, with times as ISO 8601 and bytes as base64. */
export interface ApiComposedMessage extends ApiOptions {
  to?: OneOrMany<AddressInput>;
  cc?: OneOrMany<AddressInput>;
  bcc?: OneOrMany<AddressInput>;
  from?: AddressInput;
  replyTo?: OneOrMany<AddressInput>;
  envelope?: { from?: string };
  subject?: string;
  html?: string;
  text?: string;
  template?: string;
  context?: Record<string, unknown>;
  headers?: Record<string, string>;
  attachments?: readonly ApiAttachment[];
  locale?: string;
  unsubscribe?: UnsubscribeChoice;
  track?: Track;
}

/** A finished message in JSON. */
export interface ApiRawMessage extends ApiOptions {
  /** RFC 5322, in base64. */
  raw: string;
  /** `from` is the address of the message's own From where it is left out; `''` is the null sender. */
  envelope: { from?: string; to: readonly string[] };
  notify?: boolean | Record<string, unknown>;
}

/** What `POST /relay/messages` takes. */
export type ApiMessage = ApiComposedMessage | ApiRawMessage;
