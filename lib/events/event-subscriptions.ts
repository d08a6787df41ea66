import type { SharedStore } from '../shared-store.interface.js';
import { MAIL_EVENT_TYPES, type MailEventType } from './mail-event.interface.js';

/** A handler by its name, and what it wants. */
export interface EventSubscription {
  handler: string;
  types: readonly MailEventType[];
}

/**
 * Who wants which events, over all processes: whoever tells an event may not be the one who handles it. What nobody wants costs nothing.
 * Each process says what its own handlers are; a handler that no process has named for two days is forgotten.
 */
export class EventSubscriptions {
  readonly #store: SharedStore;
  readonly #now: () => number;
  #own: readonly EventSubscription[] = [];
  #handlers: ReadonlyMap<MailEventType, readonly string[]> = new Map();
  #readAt = -Infinity;
  #saidAt = -Infinity;
  #reading?: Promise<void>;

  /** @param now milliseconds since the epoch */
  constructor(store: SharedStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** The handlers of this process. */
  own(subscriptions: readonly EventSubscription[]): void {
    this.#own = subscriptions;
    this.#index({});
  }

  /** Names of the handlers of a type. What another process has said is known within some seconds. */
  async of(type: MailEventType): Promise<readonly string[]> {
    const age = this.#now() - this.#readAt;
    if (age > FRESH) this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    // Only the first time: nobody may be missed for not having been read yet.
    if (this.#readAt === -Infinity) await this.#reading;
    return this.#handlers.get(type) ?? [];
  }

  /** Says what this process handles. A backend that is away is asked again at the next event. */
  async announce(): Promise<void> {
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  async #read(): Promise<void> {
    try {
      let { version, text } = await this.#store.read(KEY);
      const now = this.#now();
      if (this.#own.length > 0 && now - this.#saidAt > REPEAT) {
        for (;;) {
          const said = {
            ...parse(text, now),
            ...Object.fromEntries(this.#own.map((one) => [one.handler, saidBy(one, now)])),
          };
          const swap = await this.#store.swap(KEY, version, JSON.stringify(said));
          ({ version, text } = swap);
          if (swap.swapped) break;
        }
        this.#saidAt = now;
      }
      this.#index(parse(text, now));
      this.#readAt = now;
    } catch {
      // What is known stays; the next event asks again.
      if (this.#readAt === -Infinity) this.#index({});
    }
  }

  #index(said: Said): void {
    const all = new Map(Object.entries(said).map(([handler, { types }]) => [handler, types]));
    for (const { handler, types } of this.#own) all.set(handler, types);
    this.#handlers = new Map(
      MAIL_EVENT_TYPES.map((type) => [type, [...all].flatMap(([name, types]) => (types.includes(type) ? [name] : []))]),
    );
  }
}

type Said = Record<string, { types: readonly MailEventType[]; at: number }>;

function saidBy({ types }: EventSubscription, at: number): Said[string] {
  return { types, at };
}

function parse(text: string, now: number): Said {
  const said = text === '' ? {} : (JSON.parse(text) as Said);
  return Object.fromEntries(Object.entries(said).filter(([, { at }]) => now - at < FORGOTTEN));
}

const KEY = 'event-handlers';

/** In milliseconds. */
const FRESH = 5_000;
const REPEAT = 6 * 3_600_000;
const FORGOTTEN = 48 * 3_600_000;
