/** A mail that something has come of. */
export interface NotedMail {
  readonly id: string;
  /** As the store of outcomes gave it, where that numbers mails; what has none is numbered when it is noted. */
  readonly place?: number;
  /** By which it is found: see history-terms. */
  readonly terms: readonly string[];
  /** Those of {@link LISTED_STATES} that a recipient is in now. */
  readonly states: readonly ListedState[];
}

/** States that few mails are in, and that somebody looks for: they are found at once. */
export const LISTED_STATES = ['deferred', 'bounced', 'complained', 'suppressed', 'cancelled', 'failed'] as const;

export type ListedState = (typeof LISTED_STATES)[number];

export function isListed(state: string): state is ListedState {
  return LISTED.has(state);
}

const LISTED: ReadonlySet<string> = new Set(LISTED_STATES);

/** Which mails are looked for. All that is given must fit. */
export interface HistoryQuery {
  readonly terms: readonly string[];
  readonly state?: ListedState;
  /** Only mails before this place. */
  readonly before?: number;
  /** Places that are looked at, at most. */
  readonly limit: number;
}

/** A mail's place in the history: the higher, the newer. */
export interface HistoryPlace {
  readonly id: string;
  readonly place: number;
}

export interface HistoryFind {
  /** Newest first. Some may not have the terms: whoever asks looks at them again. */
  readonly found: readonly HistoryPlace[];
  /** Before which place to go on; left out at the end. */
  readonly next?: number;
}

export interface HistoryChanges {
  /** In the order in which something came of them; the last {@link MOST_CHANGES}. */
  readonly ids: readonly string[];
  /** Where to go on. */
  readonly cursor: string;
}

/** How many changes are told at once. */
export const MOST_CHANGES = 200;

/**
 * Which mails there were, newest first, in the queue's own Redis or Postgres: an index of the outcomes, which hold the mails themselves. It is
 * written for many mails at once, after the fact, and forgets a mail with its outcomes.
 */
export interface HistoryStore {
  /** The same mail again changes its states and adds to its terms. */
  note(mails: readonly NotedMail[]): Promise<void>;
  find(query: HistoryQuery): Promise<HistoryFind>;
  /** What has changed since; without a cursor, where to go on from now. */
  changes(cursor?: string): Promise<HistoryChanges>;
  /** How many mails there are, about. */
  size(): Promise<number>;
  /** Forgets all. Gives how many there were. */
  clear(): Promise<number>;
}
