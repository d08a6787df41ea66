import { randomUUID } from 'node:crypto';
import type { SharedDocument, SharedStore } from '../../shared-store.interface.js';
import type { AttemptStep } from '../attempt.js';
import { admit, type Admission, countOf, type Entry, wasLate } from './admission.js';
import { refusal } from './breaker.js';
import { KEPT, keepPlaces } from './places.js';
import { hasLimits, type TransportLimits } from './transport-limits.js';
import type { TransportState } from './transport-state.js';
import { conclude, isNews, type Verdict } from './verdict.js';

/** What is known is believed so long without being asked for again, and for so long at most while it is asked for. Milliseconds. */
const FRESH = 1_000;
const STALE = 5_000;

/** Less is no delay. Milliseconds. */
const NOTICEABLE = 20;

/** So many attempts make what was unusual usual. */
const ADAPTS_IN = 8;

/** A pass through a gate, to be given back. */
export interface Pass {
  readonly token: string;
}

type Change = (state: TransportState, now: number) => void;

/**
 * The way to one transport, which all processes share: breaker, rate, quota, concurrency. While a transport is well and has no limits,
 * nothing is written and nothing is waited for; what other processes have found is known here within a second.
 */
export class TransportGate {
  readonly #key: string;
  readonly #store: SharedStore;
  readonly #clock: () => number;
  readonly #limits: () => TransportLimits | Promise<TransportLimits>;
  #document: SharedDocument = { version: 0, text: '', now: 0 };
  #state: TransportState = {};
  /** The store's clock less ours, in milliseconds. */
  #offset = 0;
  #knownAt = -Infinity;
  #refreshing?: Promise<void>;
  readonly #changes: { change: Change; done(): void; failed(error: unknown): void }[] = [];
  #isWriting = false;
  readonly #underWay = new Set<string>();
  #keeper?: NodeJS.Timeout;
  readonly #speed = new Speed();
  /** When the last of those that wait for its release comes again. */
  #lastTurn = 0;
  /** Milliseconds, as a moving average. */
  readonly #usuallyLate: Record<AttemptStep, number> = { given: 0, confirmed: 0 };

  /** @param clock ours, in milliseconds since the epoch */
  constructor(
    key: string,
    store: SharedStore,
    clock: () => number,
    limits: () => TransportLimits | Promise<TransportLimits>,
  ) {
    this.#key = key;
    this.#store = store;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** @throws QueueUnavailableError */
  async enter(entry: Omit<Entry, 'token'>): Promise<{ admission: Admission; pass: Pass }> {
    const limits = await this.#limits();
    await this.#know();
    const pass = { token: randomUUID() };
    if (this.#state.held) return { admission: this.#held(this.#state.held), pass };
    let admission: Admission = GO;
    if (hasLimits(limits) || isTroubled(this.#state)) {
      await this.#change((state, now) => void (admission = admit(state, limits, { ...entry, token: pass.token }, now)));
    }
    if (admission.type === 'go') {
      this.#speed.count(countOf(entry));
      if (this.#state.underWay?.[pass.token]) this.#keep(pass.token);
    }
    return { admission, pass };
  }

  /** The same, but for a store that is away. */
  async enterRegardless(entry: Omit<Entry, 'token'>): Promise<{ admission: Admission; pass: Pass }> {
    try {
      return await this.enter(entry);
    } catch {
      return { admission: GO, pass: { token: randomUUID() } };
    }
  }

  /**
   * Told how late an attempt was made, in milliseconds. A process that is always so late keeps its distances all the same; one that
   * stood still for a moment and then sends several at once does not.
   */
  started(entry: Omit<Entry, 'token'>, late: number, step: AttemptStep): void {
    if (this.#state.lanes === undefined) return;
    const unusual = late - this.#usuallyLate[step];
    this.#usuallyLate[step] += unusual / ADAPTS_IN;
    // So much is in the pace already.
    const excess = unusual - NOTICEABLE;
    if (excess <= 0) return;
    const noted = async (): Promise<void> => {
      const limits = await this.#limits();
      await this.#change((state, now) => wasLate(state, limits, { ...entry, token: '' }, excess, now));
    };
    noted().catch(() => {});
  }

  /** Says what an attempt told of the transport; gives in how many milliseconds it may be tried again, 0 for at once. @throws QueueUnavailableError */
  async leave({ token }: Pass, verdict: Verdict): Promise<number> {
    this.#underWay.delete(token);
    if (isNews(this.#state, token, verdict)) {
      const limits = await this.#limits();
      const perSecond = this.#speed.perSecond;
      await this.#change((state, now) => conclude(state, { token, verdict, limits, perSecond }, now));
    }
    const { breaker, paused } = this.#state;
    return Math.max(0, (breaker?.until ?? 0) - this.#now(), (paused?.until ?? 0) - this.#now());
  }

  /** When a tenant's transport was last to be forgotten, and what time it is, on the clock of all. @throws QueueUnavailableError */
  async forgotten(): Promise<{ at: number; now: number }> {
    await this.#know();
    return { at: this.#state.forgotten ?? 0, now: this.#now() };
  }

  /** @throws QueueUnavailableError */
  async forget(): Promise<void> {
    await this.#change((state, now) => void (state.forgotten = now));
  }

  /** Until when nothing is sent, in milliseconds since the epoch, as all processes know; `undefined` where it is. @throws QueueUnavailableError */
  async closedUntil(): Promise<number | undefined> {
    const document = await this.#store.read(this.#key);
    const state = stateOf(document);
    const until = Math.max(refusal(state, document.now)?.until ?? 0, state.paused?.until ?? 0);
    return until > document.now ? until : undefined;
  }

  /** Lets nothing through until it is released, in no process, within seconds. @throws QueueUnavailableError */
  async hold(): Promise<void> {
    await this.#change((state, now) => void (state.held ??= { at: now, renewed: now }));
  }

  /** `false` when it was not held. @throws QueueUnavailableError */
  async release(): Promise<boolean> {
    let was = false;
    await this.#change((state) => {
      was = state.held !== undefined;
      delete state.held;
    });
    this.#lastTurn = 0;
    return was;
  }

  /** What is known of the transport, without changing it. @throws QueueUnavailableError */
  async look(): Promise<{ state: Readonly<TransportState>; limits: TransportLimits; now: number }> {
    const asked = this.#clock();
    this.#learn(await this.#store.read(this.#key), asked);
    return { state: this.#state, limits: await this.#limits(), now: this.#now() };
  }

  /** Whether nobody would miss it. */
  get isIdle(): boolean {
    return this.#underWay.size === 0 && !this.#isWriting && performance.now() - this.#knownAt > STALE;
  }

  close(): void {
    clearInterval(this.#keeper);
  }

  /** One after the other, so that many mails that wait do not keep the queue busy. */
  #held({ renewed }: NonNullable<TransportState['held']>): Admission {
    const now = this.#now();
    this.#lastTurn = Math.max(now + SHORTEST_HOLD, this.#lastTurn + TURN);
    // The store forgets what nobody changes.
    if (now - renewed > RENEW)
      this.#change((state, at) => void (state.held &&= { ...state.held, renewed: at })).catch(() => {});
    return { type: 'closed', wait: this.#lastTurn - now, why: 'is paused by hand' };
  }

  #now(): number {
    return this.#clock() + this.#offset;
  }

  async #know(): Promise<void> {
    const age = performance.now() - this.#knownAt;
    if (age < FRESH) return;
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    // Else what is known will do for now.
    if (age > STALE) await this.#refreshing;
  }

  /** A store that is away is asked again in a while; until then, what was known counts. */
  async #refresh(): Promise<void> {
    try {
      const asked = this.#clock();
      this.#learn(await this.#store.read(this.#key), asked);
    } catch {
      this.#knownAt = performance.now();
    }
  }

  /** The store looked at its clock somewhere between question and answer. @param asked when, on our clock */
  #learn(document: SharedDocument, asked: number): void {
    const [least, most] = [document.now - this.#clock(), document.now - asked];
    this.#offset = Math.min(Math.max(this.#offset, least), most);
    this.#knownAt = performance.now();
    if (document.version === this.#document.version && document.text === this.#document.text) return;
    this.#document = document;
    this.#state = stateOf(document);
  }

  #change(change: Change): Promise<void> {
    const changed = new Promise<void>((done, failed) => this.#changes.push({ change, done, failed }));
    if (!this.#isWriting) void this.#write();
    return changed;
  }

  /** All that has come together goes in one write; when another process was faster, it is done again on what that one wrote. */
  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#changes.length > 0) {
      const together = this.#changes.splice(0);
      try {
        await this.#writeAll(together.map(({ change }) => change));
        for (const { done } of together) done();
      } catch (error) {
        this.#knownAt = -Infinity;
        for (const { failed } of together) failed(error);
      }
    }
    this.#isWriting = false;
  }

  async #writeAll(changes: readonly Change[]): Promise<void> {
    for (;;) {
      const draft = stateOf(this.#document);
      const now = this.#now();
      for (const change of changes) change(draft, now);
      const text = textOf(draft);
      // What is refused by what is known leaves no trace.
      if (text === this.#document.text && performance.now() - this.#knownAt < FRESH) return;
      const asked = this.#clock();
      const swapped = await this.#store.swap(this.#key, this.#document.version, text);
      this.#learn(swapped, asked);
      if (swapped.swapped) return;
    }
  }

  #keep(token: string): void {
    this.#underWay.add(token);
    this.#keeper ??= setInterval(() => {
      if (this.#underWay.size > 0) this.#change((state, now) => keepPlaces(state, this.#underWay, now)).catch(() => {});
    }, KEPT / 3).unref();
  }
}

/** Milliseconds. */
const SHORTEST_HOLD = 2_000;
const TURN = 5;
const RENEW = 86_400_000;

const GO: Admission = { type: 'go', wait: 0 };

function isTroubled({ breaker, paused, slow }: TransportState): boolean {
  return breaker !== undefined || paused !== undefined || slow !== undefined;
}

function stateOf({ text }: SharedDocument): TransportState {
  return text === '' ? {} : (JSON.parse(text) as TransportState);
}

function textOf(state: TransportState): string {
  const text = JSON.stringify(state);
  return text === '{}' ? '' : text;
}

/** Recipients a second, of the last seconds. */
class Speed {
  #since = performance.now();
  #counted = 0;
  #last = 0;

  count(recipients: number): void {
    this.#roll();
    this.#counted += recipients;
  }

  get perSecond(): number {
    this.#roll();
    return Math.max(this.#last, this.#counted, 1);
  }

  #roll(): void {
    const seconds = (performance.now() - this.#since) / 1_000;
    if (seconds < 1) return;
    this.#last = seconds < 2 ? this.#counted / seconds : 0;
    this.#counted = 0;
    this.#since = performance.now();
  }
}
