import type { OutcomeChange, OutcomeStore } from '../delivery/outcome-store.interface.js';
import { Gathering } from '../gathering.js';

/** A mail that is about to be sent. */
export interface BegunMail {
  readonly id: string;
  readonly at: number;
  readonly stalls: number;
  readonly transport: string;
}

/** A mail with what became of it. */
export interface SavedMail {
  readonly id: string;
  readonly change: OutcomeChange;
}

/** How a store writes for many mails in one call; each mail is among them once. */
export interface OutcomeWriters {
  beginAll(mails: readonly BegunMail[]): Promise<('go' | 'cancelled')[]>;
  /** Gives each one's place in the history, where it has one here. */
  saveAll(mails: readonly SavedMail[]): Promise<(number | undefined)[]>;
}

/** `begin` and `save` of a store, for many mails in one call. */
export class GatheredOutcomes implements Pick<OutcomeStore, 'begin' | 'save'> {
  readonly #begins: Gathering<BegunMail, 'go' | 'cancelled'>;
  readonly #saves: Gathering<SavedMail, number | undefined>;
  readonly #saveAll: OutcomeWriters['saveAll'];

  constructor({ beginAll, saveAll }: OutcomeWriters) {
    this.#begins = new Gathering(beginAll, idOf);
    this.#saves = new Gathering(saveAll, idOf);
    this.#saveAll = saveAll;
  }

  begin(id: string, at: number, stalls: number, transport: string): Promise<'go' | 'cancelled'> {
    return this.#begins.ask({ id, at, stalls, transport });
  }

  async save(id: string, change: OutcomeChange): Promise<number | undefined> {
    // Many large ones together would take too long.
    const large = (change.content?.length ?? 0) > LARGE_CONTENT;
    return large ? (await this.#saveAll([{ id, change }]))[0] : this.#saves.ask({ id, change });
  }
}

function idOf({ id }: { readonly id: string }): string {
  return id;
}

/** In characters. */
const LARGE_CONTENT = 64 * 1024;
