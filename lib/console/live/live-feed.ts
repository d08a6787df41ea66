import type { ServerResponse } from 'node:http';
import type { RelayAccess } from '../relay-access.js';
import { rowOf } from '../view/mail-row.js';
import { LiveClients } from './live-clients.js';

/** What changes in a relay, over all its processes, told to the browsers that follow it. While there are none, nothing is asked. */
export class LiveFeed {
  readonly #relay: RelayAccess;
  readonly #clients = new LiveClients((count) => (count > 0 ? this.#start() : this.#stop()));
  #cursor?: string;
  #timer?: NodeJS.Timeout;
  #looking = false;
  #again = false;
  #ends: (() => void)[] = [];
  #lastCounts = '';
  #turn = 0;

  constructor(relay: RelayAccess) {
    this.#relay = relay;
  }

  /** @param after the last event that the browser has seen @throws ConsoleRejectedError */
  async add(response: ServerResponse, after: string | undefined): Promise<void> {
    const { history } = this.#relay.queue;
    const since = await history.changes(after);
    if (!this.#clients.add(response)) return;
    this.#cursor ??= since.cursor;
    if (after !== undefined) await this.#tell(since.ids, since.cursor, response);
    // So that it has one to come back with.
    else this.#clients.send('hello', {}, since.cursor, response);
  }

  close(): void {
    this.#clients.close();
    this.#stop();
  }

  #start(): void {
    if (this.#timer) return;
    this.#timer = setInterval(() => void this.#look(), EVERY).unref();
    // What this process has written is told at once.
    const { history } = this.#relay.runtime;
    if (history) this.#ends.push(history.onWritten(() => void this.#look()));
    this.#ends.push(
      this.#relay.templates.subjects.onChange((template) => this.#clients.send('preview', { changed: template })),
    );
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#cursor = undefined;
    this.#lastCounts = '';
    for (const end of this.#ends.splice(0)) end();
  }

  /** Never throws: a backend that is away is asked again. */
  async #look(): Promise<void> {
    this.#again = this.#looking;
    if (this.#looking) return;
    this.#looking = true;
    try {
      const { ids, cursor } = await this.#relay.queue.history.changes(this.#cursor);
      this.#cursor = cursor;
      await this.#tell(ids, cursor);
      if (this.#turn++ % COUNT_EVERY === 0) await this.#tellCounts();
    } catch {
      // Soon again.
    } finally {
      this.#looking = false;
      if (this.#again && this.#timer) void this.#look();
    }
  }

  async #tell(ids: readonly string[], cursor: string, to?: ServerResponse): Promise<void> {
    if (ids.length === 0) return;
    const mails = await this.#relay.history.records(ids.slice(-MOST_ROWS));
    for (const { id, record } of mails) this.#clients.send('mail', rowOf(id, record), cursor, to);
    // Whoever shows a list reads it again, lest it have gaps.
    if (ids.length > MOST_ROWS) this.#clients.send('more', {}, cursor, to);
  }

  async #tellCounts(): Promise<void> {
    const counts = await this.#relay.queue.inspection.counts();
    const text = JSON.stringify(counts);
    if (text === this.#lastCounts) return;
    this.#lastCounts = text;
    this.#clients.send('queue', counts);
  }
}

/** Milliseconds. */
const EVERY = 1_000;
/** Every so many looks. */
const COUNT_EVERY = 2;
/** At once: nobody reads more. */
const MOST_ROWS = 50;
