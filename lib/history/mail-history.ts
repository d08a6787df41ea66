import type { MailRecord, OutcomeStore, RecipientState } from '../delivery/outcome-store.interface.js';
import { type HistoryStore, isListed } from './history-store.interface.js';
import { fits, type HistorySearch, termsOfSearch } from './history-terms.js';

export interface HistoryPageQuery {
  readonly search: HistorySearch;
  /** One of a mail's recipients is in it. */
  readonly state?: RecipientState;
  readonly before?: number;
  readonly limit: number;
}

export interface HistoryPage {
  readonly mails: readonly { readonly id: string; readonly record: MailRecord }[];
  /** Where to go on; left out at the end. */
  readonly next?: number;
  /** So many were looked at that it goes no further at once, though there may be more. */
  readonly cut: boolean;
}

/** The mails that there were, newest first: the order in which something first came of them. */
export class MailHistory {
  readonly #index: HistoryStore;
  readonly #outcomes: OutcomeStore;

  constructor(index: HistoryStore, outcomes: OutcomeStore) {
    this.#index = index;
    this.#outcomes = outcomes;
  }

  /** However many mails there are, at most {@link MOST_LOOKED} are looked at. @throws QueueUnavailableError */
  async page({ search, state, before, limit }: HistoryPageQuery): Promise<HistoryPage> {
    const terms = termsOfSearch(search);
    const listed = state !== undefined && isListed(state) ? { state } : {};
    const filters = terms.length > 0 || state !== undefined;
    const mails: { id: string; record: MailRecord }[] = [];
    let next = before;
    for (let looked = 0; looked < MOST_LOOKED;) {
      const find = { terms, ...listed, ...(next !== undefined && { before: next }) };
      const page = await this.#index.find({ ...find, limit: filters ? LOOK : limit - mails.length });
      const { found } = page;
      for (let from = 0; from < found.length; from += AT_ONCE) {
        const some = found.slice(from, from + AT_ONCE);
        const records = await this.#outcomes.loadMany(some.map(({ id }) => id));
        for (const [index, { id, place }] of some.entries()) {
          const record = records[index];
          if (!record || !fits(search, record) || !isIn(record, state)) continue;
          mails.push({ id, record });
          if (mails.length === limit) return { mails, next: place, cut: false };
        }
      }
      if (page.next === undefined) return { mails, cut: false };
      next = page.next;
      looked += Math.max(found.length, 1);
    }
    return { mails, next, cut: true };
  }

  /** In the order of the ids, without those that are forgotten. */
  async records(ids: readonly string[]): Promise<{ id: string; record: MailRecord }[]> {
    const records = await this.#outcomes.loadMany(ids);
    return ids.flatMap((id, index) => (records[index] ? [{ id, record: records[index] }] : []));
  }
}

function isIn({ recipients }: MailRecord, state: RecipientState | undefined): boolean {
  return state === undefined || recipients.some((one) => one.state === state);
}

/** Mails in one request, at most: some tens of milliseconds. */
const MOST_LOOKED = 6_000;
/** Places in one question. */
const LOOK = 1_024;
/** Mails whose outcomes are read together; in between, others have their turn. */
const AT_ONCE = 100;
