/** What a client asks to be told of its message: the DSN extension, RFC 3461. */
export interface DeliveryNotifications {
  /** How much of the message a notification holds. Default `HDRS`. */
  ret?: 'FULL' | 'HDRS';
  /** The client's own name for the message, which notifications repeat. */
  envid?: string;
  /** By the envelope's addresses. Default: failures and delays. */
  recipients?: Readonly<Record<string, RecipientNotification>>;
}

export interface RecipientNotification {
  /** `['NEVER']` for nothing at all. */
  notify?: readonly NotifyWhen[];
  /** The original recipient, with its address type: `rfc822;ada@acme.test`. */
  orcpt?: string;
}

export type NotifyWhen = 'NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY';
