import { MailMessageError } from '../errors/mail-message.error.js';
import type { MailEvent } from '../events/mail-event.interface.js';
import { readEntry } from './read-entry.js';
import { suppressedAddress } from './suppressed-address.js';
import type { SuppressionPolicy } from './suppression-policy.js';
import type { SuppressionStore } from './suppression-store.interface.js';

/** Lets events change the suppression list as the policy says. */
export class SuppressionKeeper {
  readonly #store: SuppressionStore;
  readonly #policy: SuppressionPolicy;

  constructor(store: SuppressionStore, policy: SuppressionPolicy) {
    this.#store = store;
    this.#policy = policy;
  }

  /** The same event twice is as once. @throws QueueUnavailableError when the list cannot be written to */
  async apply(events: readonly MailEvent[]): Promise<void> {
    for (const event of events) {
      const recipient = addressOf(event.recipient);
      if (recipient !== undefined) await this.#change({ ...event, recipient });
    }
  }

  async #change(event: MailEvent): Promise<void> {
    for (const change of this.#policy.changes(event)) {
      if (change.do === 'remove') {
        await this.#store.delete(change.key, change.reason);
        continue;
      }
      if (change.do === 'count') {
        const { event: id, at, count, within } = change;
        if ((await this.#store.countSoftBounce(event.recipient, id, at.getTime(), within)) < count) continue;
      }
      await this.#store.put([readEntry(change.entry, event.timestamp)]);
    }
  }
}

/** What a provider calls a recipient may be none: nobody is held back then. */
function addressOf(recipient: string): string | undefined {
  try {
    return suppressedAddress(recipient, 'recipient');
  } catch (error) {
    if (error instanceof MailMessageError) return undefined;
    throw error;
  }
}
