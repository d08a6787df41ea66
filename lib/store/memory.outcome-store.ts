import {
  MOST_ATTEMPTS,
  providerKey,
  providerKeys,
  RETENTION,
  STATE_RANK,
  type AttemptRecord,
  type MailRecord,
  type OutcomeChange,
  type OutcomeStore,
  type RecipientOutcome,
} from '../delivery/outcome-store.interface.js';
import { packAttempt, reopened } from './outcome-codec.js';

interface Entry {
  record: Omit<MailRecord, 'recipients' | 'attempts'>;
  recipients: Map<string, RecipientOutcome>;
  /** By their text: the same attempt twice is one. */
  attempts: Map<string, AttemptRecord>;
  expires: number;
}

/** Outcomes in this process's memory, for tests. */
export class MemoryOutcomeStore implements OutcomeStore {
  readonly #entries = new Map<string, Entry>();
  readonly #providerIds = new Map<string, string>();
  readonly #now: () => number;
  readonly #retention: number;

  /** @param now milliseconds since the epoch @param retention in milliseconds */
  constructor(now: () => number = Date.now, retention = RETENTION) {
    this.#now = now;
    this.#retention = retention;
  }

  async load(id: string): Promise<MailRecord | null> {
    const entry = this.#found(id);
    if (!entry) return null;
    return structuredClone({
      ...entry.record,
      recipients: [...entry.recipients.values()],
      attempts: [...entry.attempts.values()],
    });
  }

  loadMany(ids: readonly string[]): Promise<(MailRecord | null)[]> {
    return Promise.all(ids.map((id) => this.load(id)));
  }

  async begin(id: string, at: number, stalls: number, transport: string): Promise<'go' | 'cancelled'> {
    const { record } = this.#touched(id);
    if (record.cancelled) return 'cancelled';
    record.sendingSince = at;
    record.sendingStalls = stalls;
    record.sendingBy = transport;
    return 'go';
  }

  async save(id: string, change: OutcomeChange): Promise<undefined> {
    const {
      messageId,
      mail,
      about,
      head,
      opened,
      clicked,
      recipients = [],
      attempt,
      stallBaseline = 0,
      deferrals = 0,
      content,
    } = structuredClone(change);
    const { record, ...entry } = this.#touched(id);
    record.messageId = messageId;
    record.mail = mail ?? record.mail;
    record.about ??= about;
    record.head ??= head;
    if (opened) record.opened = Math.max(record.opened ?? 0, opened);
    if (clicked) record.clicked = Math.max(record.clicked ?? 0, clicked);
    record.stallBaseline = Math.max(record.stallBaseline, stallBaseline);
    record.deferrals = Math.max(record.deferrals, deferrals);
    record.content ??= content;
    if (attempt) {
      entry.attempts.set(packAttempt(attempt), attempt);
      if (entry.attempts.size > MOST_ATTEMPTS) entry.attempts.delete(entry.attempts.keys().next().value!);
      record.sendingSince = undefined;
      record.sendingBy = undefined;
    }
    for (const key of providerKeys({ recipients })) this.#providerIds.set(key, id);
    for (const outcome of recipients) {
      const stored = entry.recipients.get(outcome.address);
      if (stored && STATE_RANK[stored.state] > STATE_RANK[outcome.state]) continue;
      entry.recipients.set(outcome.address, outcome);
    }
  }

  async cancel(id: string): Promise<{ sending: boolean }> {
    const { record } = this.#touched(id);
    record.cancelled = true;
    return { sending: record.sendingSince !== undefined };
  }

  async reopen(id: string, addresses: readonly string[], at: number): Promise<void> {
    const { record, recipients } = this.#touched(id);
    record.cancelled = false;
    record.deferrals = 0;
    record.sendingSince = undefined;
    record.sendingBy = undefined;
    record.sendingStalls = undefined;
    record.reopenedAt = at;
    for (const address of addresses) recipients.set(address, reopened(address, at));
  }

  async mailOf(providerMessageId: string): Promise<string | undefined> {
    const id = this.#providerIds.get(providerKey(providerMessageId));
    return id !== undefined && this.#found(id) ? id : undefined;
  }

  clear(): void {
    this.#providerIds.clear();
    this.#entries.clear();
  }

  #found(id: string): Entry | undefined {
    const entry = this.#entries.get(id);
    if (!entry || entry.expires > this.#now()) return entry;
    this.#entries.delete(id);
    return undefined;
  }

  #touched(id: string): Entry {
    const entry = this.#found(id) ?? {
      record: { cancelled: false, stallBaseline: 0, deferrals: 0 },
      recipients: new Map(),
      attempts: new Map(),
      expires: 0,
    };
    entry.expires = this.#now() + this.#retention;
    this.#entries.set(id, entry);
    return entry;
  }
}
