import type { MailEvent } from '../events/mail-event.interface.js';
import { readEntry } from './read-entry.js';
import { suppressedAddress } from './suppressed-address.js';
import type { SuppressionPolicy } from './suppression-policy.js';
import type { SuppressionStore } from './suppression-store.interface.js';

/**
 * Lets an event change the list as the policy says. The same event twice is as once.
 *
 * @throws MailMessageError for a recipient that is no address
 */
export async function applyEvent(store: SuppressionStore, policy: SuppressionPolicy, event: MailEvent): Promise<void> {
  const recipient = suppressedAddress(event.recipient, 'recipient');
  for (const change of policy.changes({ ...event, recipient })) {
    if (change.do === 'remove') {
      await store.delete(change.key, change.reason);
      continue;
    }
    if (change.do === 'count') {
      const { event: id, at, count, within } = change;
      if ((await store.countSoftBounce(recipient, id, at.getTime(), within)) < count) continue;
    }
    await store.put([readEntry(change.entry, event.timestamp)]);
  }
}
