import type { MailEvent } from '../events/mail-event.interface.js';
import { needsSmtpUtf8 } from '../mail/address.js';
import type { SuppressionEntry } from './suppression-entry.interface.js';
import type { SuppressionKey } from './suppression-store.interface.js';
import type { SuppressionSettings } from './suppression-options.js';

/** What an event does to the list. */
export type SuppressionChange =
  | { do: 'add'; entry: SuppressionEntry }
  /** Only if the entry is there for this reason. */
  | { do: 'remove'; key: SuppressionKey; reason: string }
  /** If there are `count` soft bounces within the time, with this one, the entry is added. */
  | { do: 'count'; event: string; at: Date; count: number; within: number; entry: SuppressionEntry };

/**
 * The rules by which events change the list; it keeps and asks nothing.
 *
 * - bounced, the address itself being bad: held back from all streams;
 * - bounced otherwise (a mailbox that stayed full): counts, and too many hold it back for a time. A deferral does not count: the same mail
 *   is deferred many times. Nor does what is not the mailbox's own fault: see {@link THEIRS};
 * - complained: from all streams, or the mail's; a report that a mail was no spam changes nothing;
 * - unsubscribed: from the mail's stream, or all; subscribed takes that back, and nothing else.
 *
 * A mail of a tenant holds back that tenant's mails only, but for an address that is bad: that one is bad for all.
 */
export class SuppressionPolicy {
  readonly #settings: SuppressionSettings;

  constructor(settings: SuppressionSettings) {
    this.#settings = settings;
  }

  /** @param event whose recipient is normalised already */
  changes(event: MailEvent): SuppressionChange[] {
    const { hardBounce, complaint, unsubscribe } = this.#settings;
    const entry = { address: event.recipient, source: event.provider, at: event.timestamp };
    switch (event.type) {
      case 'bounced':
        if (mayBeUnwritable(event)) return [];
        if (!event.suppress) return this.#softBounce(event);
        return [{ do: 'add', entry: { ...entry, reason: 'bounced', ...until(event.timestamp, hardBounce) } }];
      case 'complained':
        return event.suppress
          ? [{ do: 'add', entry: { ...entry, reason: 'complained', ...reach(event, complaint) } }]
          : [];
      case 'unsubscribed':
        return [{ do: 'add', entry: { ...entry, reason: 'unsubscribed', ...reach(event, unsubscribe) } }];
      case 'subscribed':
        return [
          { do: 'remove', key: { address: event.recipient, ...reach(event, unsubscribe) }, reason: 'unsubscribed' },
        ];
      default:
        return [];
    }
  }

  #softBounce(event: MailEvent<'bounced'>): SuppressionChange[] {
    const { softBounce } = this.#settings;
    if (!softBounce || !isTheirs(event)) return [];
    const { count, within } = softBounce;
    const entry: SuppressionEntry = {
      address: event.recipient,
      reason: 'bounced',
      source: event.provider,
      at: event.timestamp,
      ...until(event.timestamp, softBounce.for),
    };
    return [{ do: 'count', event: event.id, at: event.timestamp, count, within, entry }];
  }
}

/** Reasons of a bounce that are the mailbox's own; others are the mail's, the sender's, or nobody knows whose. */
const THEIRS: ReadonlySet<string> = new Set([
  'mailbox-full',
  'suspended',
  'soft-bounce',
  'inactive',
  'filtered',
  'bad-address',
  'bad-domain',
  'moved',
]);

/** Also where a mailbox (RFC 3463 X.2.x) could not take the mail for as long as it was tried. */
function isTheirs({ reason, enhancedCode }: MailEvent<'bounced'>): boolean {
  return THEIRS.has(reason) || (reason === 'expired' && enhancedCode?.startsWith('4.2.') === true);
}

/** Refused perhaps only because its transport, or a host on its way, writes ASCII only (RFC 6531): another one may reach it. */
function mayBeUnwritable({ recipient, enhancedCode }: MailEvent<'bounced'>): boolean {
  return needsSmtpUtf8(recipient) && enhancedCode !== '5.1.1';
}

function until(at: Date, milliseconds: number): { expires?: Date } {
  return milliseconds === Infinity ? {} : { expires: new Date(at.getTime() + milliseconds) };
}

function reach({ stream, tenant }: MailEvent, choice: 'stream' | 'all'): { stream?: string; tenant?: string } {
  return {
    ...(choice === 'stream' && stream !== undefined && { stream }),
    ...(tenant !== undefined && { tenant }),
  };
}
