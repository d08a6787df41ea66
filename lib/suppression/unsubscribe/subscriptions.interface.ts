import type { Subscription } from '../../mail/unsubscribe-links.js';

/** Ends and renews subscriptions: the suppression list first, then the events. */
export interface Subscriptions {
  /** Whether its recipient has unsubscribed. @throws QueueUnavailableError */
  hasEnded(subscription: Subscription): Promise<boolean>;
  /** The same twice is as once. @throws QueueUnavailableError, with the subscription as it was, or ended already */
  end(subscription: Subscription): Promise<unknown>;
  /** Takes an unsubscription back, and nothing else that keeps mails from its recipient. @throws QueueUnavailableError */
  renew(subscription: Subscription): Promise<void>;
}
