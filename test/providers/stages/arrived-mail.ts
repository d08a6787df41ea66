import type { MailAddress } from '../../../lib/index.js';

/** A mail as a provider got it, in one form for all of them. Texts have LF line ends, and none at their end. */
export interface ArrivedMail {
  /** Whom the provider was told to send it to, sorted. */
  readonly recipients: readonly string[];
  /** Undefined where the provider has a sender of its own. */
  readonly from?: MailAddress;
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly replyTo: readonly MailAddress[];
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
  /** Sorted by name. */
  readonly attachments: readonly ArrivedPart[];
  /** Custom headers by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined where the provider makes one of its own. */
  readonly messageId?: string;
  /** What the provider has fields of its own for, as they came. */
  readonly own: Readonly<Record<string, unknown>>;
  /** All that recipients can see of it. */
  readonly seen: string;
  /** All that came, as text, the message in it decoded. */
  readonly wire: string;
}

/** The message alone. */
export type MessageSeen = Omit<ArrivedMail, 'own' | 'seen' | 'wire'>;

/** An inline part has a `cid` for a name. */
export interface ArrivedPart {
  readonly name?: string;
  readonly cid?: string;
  readonly type?: string;
  /** Base64. */
  readonly content: string;
}

export function arrivedText(text: string | undefined): string | undefined {
  return text?.replaceAll('\r\n', '\n').trimEnd();
}

export function sortedParts(parts: readonly ArrivedPart[]): ArrivedPart[] {
  return parts.toSorted((a, b) => (a.name ?? a.cid ?? '').localeCompare(b.name ?? b.cid ?? '', 'en'));
}

/** Names in lower case. */
export function lowerCased(headers: Iterable<readonly [name: string, value: string]>): Record<string, string> {
  return Object.fromEntries([...headers].map(([name, value]) => [name.toLowerCase(), value]));
}
