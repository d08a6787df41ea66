import { COUNT_DAYS, COUNTED_TYPES, type Count, type CountedType, type CountStore } from './count-store.interface.js';
import { dayOf } from './daily-counts.js';

/** Which counters are meant. */
export interface StatisticsQuery {
  /** So many days, today included, in UTC. Default 30, at most 400. */
  days?: number;
  /** A transport's name; of mails that are not the relay's own, a webhook's provider. */
  provider?: string;
  stream?: string;
  /** Only mails with this tag. Default all mails. */
  tag?: string;
}

/** How many mails, by recipient. Opens and clicks count once a recipient and mail; those of machines are counted apart. */
export interface MailCounts extends Record<CountedType, number> {
  /** Bounces of those sent, 0 to 1. */
  bounceRate: number;
  /** Complaints of those sent, 0 to 1. */
  complaintRate: number;
}

export interface DailyStatistics extends MailCounts {
  /** `2026-11-27`, in UTC. */
  day: string;
  provider: string;
  stream: string;
}

/** Daily counts per provider, stream and tag. They are written within a second. */
export class MailStatistics {
  readonly #store: CountStore;
  readonly #now: () => number;

  /** @internal */
  constructor(store: CountStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** A row a day, provider and stream, oldest first; days without mail have none. */
  async daily(query: StatisticsQuery = {}): Promise<DailyStatistics[]> {
    const groups = new Map<string, Count[]>();
    for (const count of await this.#read(query)) {
      const key = JSON.stringify([count.day, count.provider, count.stream]);
      groups.set(key, [...(groups.get(key) ?? []), count]);
    }
    return [...groups.values()]
      .map((counts): DailyStatistics => {
        const { day, provider, stream } = counts[0]!;
        return { day, provider, stream, ...totals(counts) };
      })
      .sort((a, b) => (a.day + a.provider + a.stream < b.day + b.provider + b.stream ? -1 : 1));
  }

  /** All of it in one. */
  async total(query: StatisticsQuery = {}): Promise<MailCounts> {
    return totals(await this.#read(query));
  }

  async #read({ days = 30, provider, stream, tag = '' }: StatisticsQuery): Promise<Count[]> {
    const counts = await this.#store.read(lastDays(Math.min(days, COUNT_DAYS), this.#now()));
    return counts.filter(
      (one) =>
        one.tag === tag &&
        (provider === undefined || one.provider === provider) &&
        (stream === undefined || one.stream === stream),
    );
  }
}

/** @param now milliseconds since the epoch */
export function lastDays(days: number, now: number): string[] {
  return Array.from({ length: days }, (_, back) => dayOf(now - back * 86_400_000));
}

function isCounted(type: Count['type']): type is CountedType {
  return (COUNTED_TYPES as readonly string[]).includes(type);
}

/** A server that refuses at once has bounced what was never sent: no rate is above 1. */
export function totals(counts: readonly Count[]): MailCounts {
  const sums = Object.fromEntries(COUNTED_TYPES.map((type) => [type, 0])) as Record<CountedType, number>;
  for (const { type, count } of counts) if (isCounted(type)) sums[type] += count;
  const rate = (part: number): number => (part === 0 ? 0 : part / Math.max(sums.sent, part));
  return { ...sums, bounceRate: rate(sums.bounced), complaintRate: rate(sums.complained) };
}
