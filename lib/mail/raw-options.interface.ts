import type { DeliveryNotifications } from './delivery-notifications.interface.js';
import type { MailOptions } from './mail-options.interface.js';

/** What `sendRaw()` takes beside the message. */
export interface RawOptions extends Pick<
  MailOptions,
  | 'tags'
  | 'metadata'
  | 'tenant'
  | 'stream'
  | 'priority'
  | 'delay'
  | 'sendAt'
  | 'transport'
  | 'idempotencyKey'
  | 'retry'
  | 'provider'
  | 'signal'
> {
  /** Who sends it, and whom it goes to (RFC 5321 section 2.3.1); the header is not asked. `from: ''` is the null sender. */
  envelope: { from: string; to: readonly string[] };
  /**
   * Tells the envelope's sender by mail when the message finally fails or is late (RFC 3464), as the client asked for; `true` for one that
   * asked for nothing in particular. The null sender is told nothing. Default `false`.
   */
  notify?: boolean | DeliveryNotifications;
}
