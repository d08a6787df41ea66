import type { MailFacts } from '../delivery/outcome-events.js';
import type { MailAbout, RecipientState } from '../delivery/outcome-store.interface.js';
import { type HistoryStore, isListed, type NotedMail } from './history-store.interface.js';
import { termsOf } from './history-terms.js';

export interface HistoryWriterOptions {
  /** Whether the words of subjects may lie in clear. */
  words: boolean;
}

/**
 * Notes which mails there were. What comes is gathered here and written a moment later, many mails at once, so that no mail waits for it:
 * what a process noted in its last moment is lost with it. A backend that is away gets it when it is back.
 */
export class HistoryWriter {
  readonly #store: HistoryStore;
  readonly #words: boolean;
  #gathered = new Map<string, NotedMail>();
  #timer?: NodeJS.Timeout;
  #writing = Promise.resolve();
  readonly #listeners = new Set<() => void>();

  constructor(store: HistoryStore, { words }: HistoryWriterOptions) {
    this.#store = store;
    this.#words = words;
  }

  /** Something came of a mail. */
  noted(
    { id, place, about, head }: MailFacts & { about: MailAbout },
    states: readonly RecipientState[],
    transport?: string,
  ): void {
    const terms = termsOf(about, head, transport, this.#words);
    this.#gather({ id, ...(place !== undefined && { place }), terms, states: states.filter(isListed) });
  }

  /** Something came back of a mail that is noted already. */
  changed(id: string, states: readonly RecipientState[]): void {
    this.#gather({ id, terms: [], states: states.filter(isListed) });
  }

  /** Told after what was noted in this process is written. Gives what ends that. */
  onWritten(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Writes what is gathered. Never throws. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return (this.#writing = this.#writing.then(() => this.#write()));
  }

  #gather(mail: NotedMail): void {
    this.#add(mail);
    // What lies here for longer would outlive the young part of the heap.
    if (this.#gathered.size === AT_ONCE) void this.flush();
    else this.#later();
  }

  #later(): void {
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH).unref();
  }

  #add(mail: NotedMail): void {
    const { id, terms, states } = mail;
    const known = this.#gathered.get(id);
    if (known) {
      const all = { terms: [...known.terms, ...terms], states: [...new Set([...known.states, ...states])] };
      this.#gathered.set(id, { ...known, ...mail, ...all });
    } else if (this.#gathered.size < MOST) {
      this.#gathered.set(id, mail);
    }
  }

  /** What comes meanwhile has its own time: written at once, it would be a few mails again and again. */
  async #write(): Promise<void> {
    if (this.#gathered.size === 0) return;
    const mails = [...this.#gathered.values()];
    this.#gathered = new Map();
    for (let from = 0; from < mails.length; from += AT_ONCE) {
      try {
        await this.#store.note(mails.slice(from, from + AT_ONCE));
      } catch {
        return this.#putBack(mails.slice(from));
      }
    }
    for (const listener of this.#listeners) listener();
  }

  /** To be written again a moment later, however many there are: a backend that is away refuses at once. */
  #putBack(mails: readonly NotedMail[]): void {
    const since = this.#gathered;
    this.#gathered = new Map();
    for (const mail of [...mails.slice(0, MOST), ...since.values()]) this.#add(mail);
    this.#later();
  }
}

/** In milliseconds. */
const FLUSH = 500;
/** Mails in one call. */
const AT_ONCE = 1_000;
/** At once in memory. */
const MOST = 50_000;
