import type { MailEvent } from './mail-event.interface.js';

/**
 * What came back of each mail, beside its outcomes: deliveries, opens, bounces that came later. Bounded: the first {@link MOST_EVENTS} of a
 * mail are kept, without what the provider sent, and the others are counted.
 */
export interface TimelineStore {
  /** Of these ids, those that are there. */
  known(mailId: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** An event that is there already stays as it is. Gives the ids of those that are new, also of those there was no room for. */
  append(mailId: string, events: readonly MailEvent[]): Promise<ReadonlySet<string>>;
  /** Adds to how many events of a mail were not kept. */
  countMore(mailId: string, count: number): Promise<void>;
  /** How many were not kept. */
  more(mailId: string): Promise<number>;
  /** In the order of time. */
  read(mailId: string): Promise<MailEvent[]>;
}

/** Of one mail. Newsletters to one address are opened a dozen times; a mail to fifty people has room too. */
export const MOST_EVENTS = 1_000;

/** How many of these an event leaves to others: whoever told of them, opens and clicks are never in the way of a bounce or a complaint. */
export function leftBy({ type }: MailEvent): number {
  return type === 'opened' || type === 'clicked' ? LEFT_BY_HITS : 0;
}

export const LEFT_BY_HITS = 200;

/** Opens and clicks of one recipient of a mail that the relay itself keeps and tells, and as many of machines; further ones are counted. */
export const MOST_HITS = 50;
