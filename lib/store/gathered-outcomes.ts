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
  saveAll(mails: readonly SavedMail[]): Promise<void>;
}

/** `begin` and `save` of a store, for many mails in one call. */
export class GatheredOutcomes implements Pick<OutcomeStore, 'begin' | 'save'> {
  readonly #begins: Gathering<BegunMail, 'go' | 'cancelled'>;
  readonly #saves: Gathering<SavedMail, void>;
  readonly #saveAll: OutcomeWriters['saveAll'];

  constructor({ beginAll, saveAll }: OutcomeWriters) {
    this.#begins = new Gathering(beginAll, idOf);
    this.#saves = new Gathering<SavedMail, void>(async (mails) => {
      await saveAll(mails);
      return mails.map(() => undefined);
    }, idOf);
    this.#saveAll = saveAll;
  }

  begin(id: string, at: number, stalls: number, transport: string): Promise<'go' | 'cancelled'> {
    return this.#begins.ask({ id, at, stalls, transport });
  }

  save(id: string, change: OutcomeChange): Promise<void> {
    // Many large ones together would take too long.
    const large = (change.content?.length ?? 0) > LARGE_CONTENT;
    return large ? this.#saveAll([{ id, change }]) : this.#saves.ask({ id, change });
  }
}

function idOf({ id }: { readonly id: string }): string {
  return id;
}

/** In characters. */
const LARGE_CONTENT = 64 * 1024;
