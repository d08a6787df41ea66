import { RETENTION } from '../delivery/outcome-store.interface.js';
import { inOrder } from '../events/event-codec.js';
import type { MailEvent } from '../events/mail-event.interface.js';
import { leftBy, MOST_EVENTS, type TimelineStore } from '../events/timeline-store.interface.js';

/** Timelines in this process's memory, for tests. */
export class MemoryTimelineStore implements TimelineStore {
  readonly #mails = new Map<string, { events: Map<string, MailEvent>; more: number; expires: number }>();
  readonly #now: () => number;
  readonly #retention: number;

  /** @param now milliseconds since the epoch @param retention in milliseconds */
  constructor(now: () => number = Date.now, retention = RETENTION) {
    this.#now = now;
    this.#retention = retention;
  }

  async known(mailId: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const events = this.#found(mailId)?.events;
    return new Set(ids.filter((id) => events?.has(id)));
  }

  async append(mailId: string, events: readonly MailEvent[]): Promise<ReadonlySet<string>> {
    const kept = this.#found(mailId)?.events ?? new Map<string, MailEvent>();
    const fresh = new Set<string>();
    let more = this.#found(mailId)?.more ?? 0;
    for (const event of events) {
      if (kept.has(event.id)) continue;
      fresh.add(event.id);
      if (kept.size < MOST_EVENTS - leftBy(event)) kept.set(event.id, structuredClone({ ...event, raw: undefined }));
      else more++;
    }
    this.#keep(mailId, kept, more);
    return fresh;
  }

  async countMore(mailId: string, count: number): Promise<void> {
    const found = this.#found(mailId);
    this.#keep(mailId, found?.events ?? new Map(), (found?.more ?? 0) + count);
  }

  async more(mailId: string): Promise<number> {
    return this.#found(mailId)?.more ?? 0;
  }

  async read(mailId: string): Promise<MailEvent[]> {
    return inOrder([...(this.#found(mailId)?.events.values() ?? [])]);
  }

  clear(): void {
    this.#mails.clear();
  }

  #keep(mailId: string, events: Map<string, MailEvent>, more: number): void {
    this.#mails.set(mailId, { events, more, expires: this.#now() + this.#retention });
  }

  #found(mailId: string): { events: Map<string, MailEvent>; more: number } | undefined {
    const mail = this.#mails.get(mailId);
    if (!mail || mail.expires > this.#now()) return mail;
    this.#mails.delete(mailId);
    return undefined;
  }
}
