import type { SuppressionEntry, SuppressionReason, SuppressionScope } from './suppression-entry.interface.js';

/** What there is one entry of. */
export interface SuppressionKey extends SuppressionScope {
  address: string;
}

export interface SuppressionQuery extends SuppressionScope {
  /** Behind this one, in the store's own order. */
  after?: SuppressionKey;
  limit: number;
  /** A part of the address, in lower case. */
  search?: string;
}

export interface SuppressionPage {
  entries: SuppressionEntry[];
  /** The last entry that was looked at; none when there are no more. */
  next?: SuppressionKey;
}

/**
 * Who is not to be written to, in the queue's own Redis or Postgres. Addresses come normalised and entries checked. What has expired,
 * by the store's own clock, is as if it were not there, and is removed in time.
 */
export interface SuppressionStore {
  /** The entries of these addresses that apply to mails of the scope, in no order: one round trip for 1,000 addresses. */
  find(addresses: readonly string[], scope: SuppressionScope): Promise<SuppressionEntry[]>;
  /** One round trip for 1,000 entries. What meets an entry of the same key is merged with it as {@link merged} does, atomically. */
  put(entries: readonly SuppressionEntry[]): Promise<void>;
  /** @param reason only if this is the entry's. @returns whether there was one */
  delete(key: SuppressionKey, reason?: SuppressionReason): Promise<boolean>;
  /** In the order of the address, then stream and tenant. A stream or tenant asks for the entries of exactly that one. */
  page(query: SuppressionQuery): Promise<SuppressionPage>;
  /**
   * Remembers a soft bounce and counts those of the address. The same event twice is one.
   *
   * @param event its id
   * @param at milliseconds since the epoch
   * @param within of how long a time to count, up to the latest; milliseconds
   * @returns at most {@link MOST_SOFT_BOUNCES}
   */
  countSoftBounce(address: string, event: string, at: number, within: number): Promise<number>;
}

/** How many soft bounces of an address are remembered. */
export const MOST_SOFT_BOUNCES = 100;

/** How many addresses or entries go in one round trip. */
export const SUPPRESSION_BATCH = 1_000;
