import type { MailStream } from '../mail/mail-message.interface.js';

/** What every event says: of which mail and recipient it is, and from where. */
export interface MailEventBase {
  /** The same for the same event, however often it is told. */
  id: string;
  recipient: string;
  timestamp: Date;
  /** The provider's name, or `relay` for what the relay itself did. */
  provider: string;
  transport?: string;
  mailId?: string;
  /** The relay's own Message-ID, in angle brackets. */
  messageId?: string;
  /** What the provider called the mail when it took it. */
  providerMessageId?: string;
  mail?: string;
  tags: readonly string[];
  metadata: Readonly<Record<string, string>>;
  stream?: MailStream;
  tenant?: string;
  /** As it came from the provider. */
  raw?: unknown;
}

/** Why a provider or server would not have a mail. */
export interface Verdict {
  reason: string;
  permanent: boolean;
  /** The address itself is bad, or its owner asked: never write to it again. */
  suppress: boolean;
  replyCode?: number;
  enhancedCode?: string;
  description?: string;
}

export interface MailEventMap {
  queued: {};
  /** `notifies`: the next server has taken over what the sender of a submitted message asked to be told (RFC 3461). */
  sent: { notifies?: boolean };
  deferred: Partial<Verdict>;
  delivered: {};
  bounced: Verdict;
  rejected: Verdict;
  suppressed: { reason: string };
  complained: { feedbackType?: string; suppress: boolean };
  /** `machine`: a proxy or scanner did it, with nobody in front of it; by which rule. Counted apart. */
  opened: { userAgent?: string; ip?: string; machine?: string };
  clicked: { url: string; userAgent?: string; ip?: string; machine?: string };
  unsubscribed: { list?: string };
  subscribed: { list?: string };
  'auto-replied': {};
  failed: { reason: string };
  cancelled: {};
  unknown: {};
}

export type MailEventType = keyof MailEventMap;

/** All of them. */
export const MAIL_EVENT_TYPES = [
  'queued',
  'sent',
  'deferred',
  'delivered',
  'bounced',
  'rejected',
  'suppressed',
  'complained',
  'opened',
  'clicked',
  'unsubscribed',
  'subscribed',
  'auto-replied',
  'failed',
  'cancelled',
  'unknown',
] as const satisfies readonly MailEventType[];

/** One vocabulary for every provider. */
export type MailEvent<T extends MailEventType = MailEventType> = {
  [K in T]: MailEventBase & { type: K } & MailEventMap[K];
}[T];
