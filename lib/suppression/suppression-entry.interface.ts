import type { MailStream } from '../mail/mail-message.interface.js';

/** Why an address is on the list. Others may be your own. */
export type SuppressionReason = 'bounced' | 'complained' | 'unsubscribed' | 'manual' | (string & {});

/** Which mails are meant: those of a stream, of a tenant, of both; without either, all. */
export interface SuppressionScope {
  stream?: MailStream;
  tenant?: string;
}

/** An address that is not to be written to by the mails of its scope. */
export interface SuppressionEntry extends SuppressionScope {
  /** As `suppressedAddress` makes it: in lower case, its domain in ASCII. */
  address: string;
  reason: SuppressionReason;
  /** Who or what put it there: `postmark`, `import`, an event's id, an administrator. */
  source?: string;
  /** Since when. */
  at: Date;
  /** Until when; without, for ever. */
  expires?: Date;
}

/** What `SuppressionList.import()` takes: an address, and what else is known. */
export type SuppressionInput = Partial<SuppressionEntry> & { address: string };
