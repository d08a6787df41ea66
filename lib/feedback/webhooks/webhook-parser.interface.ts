import type { MailEvent } from '../../events/mail-event.interface.js';

export interface WebhookRequest {
  /** By their names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  /** As it came: signatures are over these very bytes. */
  body: Uint8Array;
  /** Path and query. */
  url: string;
}

/** Reads one provider's webhooks. */
export interface WebhookParser {
  /**
   * What the request says; an empty list for what says nothing.
   *
   * @throws WebhookRejectedError for what cannot be trusted
   */
  parse(request: WebhookRequest): Promise<readonly MailEvent[]>;
}
