/** What is counted a day. Opens and clicks count once a recipient and mail; those of machines apart from the others. */
export type CountedType =
  | 'sent'
  | 'delivered'
  | 'deferred'
  | 'bounced'
  | 'complained'
  | 'opened'
  | 'clicked'
  | 'machineOpened'
  | 'machineClicked';

/** How long mails took from `send()` to the provider's answer, in steps: see latency-steps. */
export type LatencyType = `latency:${number}`;

export const COUNTED_TYPES: readonly CountedType[] = [
  'sent',
  'delivered',
  'deferred',
  'bounced',
  'complained',
  'opened',
  'clicked',
  'machineOpened',
  'machineClicked',
];

/** One counter. */
export interface CountKey {
  /** `2026-11-27`, in UTC. */
  day: string;
  /** The transport's name; of mails that are not the relay's own, the webhook's provider. */
  provider: string;
  stream: string;
  /** Empty: of all mails, with whatever tags. */
  tag: string;
  type: CountedType | LatencyType;
}

export interface Count extends CountKey {
  count: number;
}

/** Counters by day in the queue's own Redis or Postgres. */
export interface CountStore {
  /** In one round trip. From {@link MOST_OF_A_DAY} on, no tag is begun that the day does not have yet. */
  add(counts: readonly Count[]): Promise<void>;
  /** All counters of these days, in one round trip. */
  read(days: readonly string[]): Promise<Count[]>;
}

/** Counters. Somebody may put an order's number in a tag: nobody could read the statistics of a month of those. */
export const MOST_OF_A_DAY = 10_000;

/** How long a day's counters are kept, in days. */
export const COUNT_DAYS = 400;
