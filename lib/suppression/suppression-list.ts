import type { Readable } from 'node:stream';
import { MailMessageError } from '../errors/mail-message.error.js';
import { importEntries } from './import-entries.js';
import { strongest } from './merge-entries.js';
import { cursorOf, keyOfCursor } from './page-cursor.js';
import { readEntry, readScope, word } from './read-entry.js';
import { suppressedAddress } from './suppressed-address.js';
import type { SuppressionEntry, SuppressionInput, SuppressionScope } from './suppression-entry.interface.js';
import type { SuppressionQuery, SuppressionStore } from './suppression-store.interface.js';
import { writeCsv } from './write-csv.js';

export interface SuppressionListOptions extends SuppressionScope {
  /** What the page before gave. */
  cursor?: string;
  /** 1 to 1,000; default 100. */
  limit?: number;
  /** A part of the address, in any case. */
  search?: string;
}

/**
 * Whom never to write to again. An entry is for the mails of its stream, of its tenant, of both; without either, for all. There is one
 * entry an address and scope; it goes by itself when it expires.
 *
 * Addresses are compared without regard to case; see `suppressedAddress`.
 */
export class SuppressionList {
  readonly #store: SuppressionStore;
  readonly #now: () => number;

  /** @param now milliseconds since the epoch, for `at`; what expires goes by the store's own clock */
  constructor(store: SuppressionStore, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  /**
   * Of the addresses given, those that mails of the scope must not go to, by the address as it was given; one round trip for 1,000.
   * Where several entries forbid it, the one that is for ever, the one with the wider scope, the one with the weightier reason is
   * named. What is no address is on no list.
   */
  async check(addresses: readonly string[], scope: SuppressionScope = {}): Promise<Map<string, SuppressionEntry>> {
    const given = new Map<string, string[]>();
    for (const address of new Set(addresses)) {
      const normal = normalised(address);
      if (normal === undefined) continue;
      const same = given.get(normal);
      if (same) same.push(address);
      else given.set(normal, [address]);
    }
    if (given.size === 0) return new Map();
    const found = new Map<string, SuppressionEntry>();
    for (const entry of await this.#store.find([...given.keys()], scope)) {
      const other = found.get(entry.address);
      found.set(entry.address, other ? strongest(other, entry) : entry);
    }
    const forms = [...given].flatMap(([normal, same]) => same.map((address) => [address, found.get(normal)] as const));
    return new Map(forms.filter((form): form is [string, SuppressionEntry] => form[1] !== undefined));
  }

  /**
   * Adds an entry, or strengthens the one that is there: it stands for as long as the longer of the two, for the weightier of the two
   * reasons (complained, unsubscribed, manual and your own, bounced). An entry whose time is past is none.
   *
   * @throws MailMessageError that names the field
   */
  async add(entry: SuppressionInput & Pick<SuppressionEntry, 'reason'>): Promise<void> {
    await this.#store.put([readEntry(entry, this.#time())]);
  }

  /**
   * Removes the entry of exactly this scope: without one, that for all mails. `false` when there is none.
   *
   * @throws MailMessageError
   */
  async remove(address: string, scope: SuppressionScope = {}): Promise<boolean> {
    return this.#store.delete({ address: suppressedAddress(address, 'address'), ...readScope(scope) });
  }

  /**
   * A page of entries by their address. Without a stream or tenant, of all; with one, those that were added for it. The pages go on
   * from where they were, whatever is added or removed meanwhile.
   *
   * @throws MailMessageError for a cursor of another making, or a wrong limit
   */
  async list(options: SuppressionListOptions = {}): Promise<{ entries: SuppressionEntry[]; cursor?: string }> {
    const { cursor, limit = 100, search } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > 1_000)
      throw new MailMessageError('limit', 'must be a whole number from 1 to 1000');
    const query: SuppressionQuery = { limit, ...readScope(options) };
    if (search) query.search = word(search, 'search').toLowerCase().normalize('NFC');
    if (cursor !== undefined) query.after = keyOfCursor(cursor);
    const { entries, next } = await this.#store.page(query);
    return next ? { entries, cursor: cursorOf(next) } : { entries };
  }

  /**
   * Adds many, as they come, in batches of 1,000: entries (their reason is `manual` without one), or a stream of bytes or text: CSV with
   * a header row `address,reason,stream,tenant,source,at,expires` of which only `address` must be there, or what Amazon SES, Postmark
   * and Mailgun export, as CSV or JSON. `suppressions()` of their transports asks for the provider's own list.
   *
   * @returns how many were taken, those among them that were there already, and how many rows were no entry
   * @throws MailMessageError for a text in which there are no addresses to be found; what the source or the store throws
   */
  import(
    entries: Iterable<SuppressionInput> | AsyncIterable<SuppressionInput> | Readable,
  ): Promise<{ added: number; invalid: number }> {
    return importEntries(this.#store, entries, () => this.#time());
  }

  /** The entries as CSV with a header row, read as they are asked for; {@link import} reads it back. Without a scope, all. */
  export(scope: SuppressionScope = {}): Readable {
    return writeCsv(this.#store, readScope(scope));
  }

  #time(): Date {
    return new Date(this.#now());
  }
}

function normalised(address: string): string | undefined {
  try {
    return suppressedAddress(address, 'address');
  } catch (error) {
    if (error instanceof MailMessageError) return undefined;
    throw error;
  }
}
