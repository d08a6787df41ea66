import { COUNT_DAYS, COUNTED_TYPES, type Count } from '../../events/count-store.interface.js';
import { dayOf } from '../../events/daily-counts.js';
import { LATENCY_STEPS, latencyOf } from '../../events/latency-steps.js';
import { totals } from '../../events/mail-statistics.js';
import { ConsoleRejectedError } from '../http/console-rejected.error.js';
import { type ConsoleRequest, wordOf } from '../http/console-request.js';
import type { ConsoleRoutes } from '../http/console-routes.js';
import type { RelayAccess } from '../relay-access.js';
import { limitsOfProvider, type ProviderLimits } from './provider-limits.js';

/** What was counted, by day. */
export const STATISTICS_ROUTES: ConsoleRoutes = {
  'GET statistics': async (relay, request) => ({ json: await statistics(relay, request) }),
};

type By = 'none' | 'provider' | 'stream' | 'tag';

interface Series {
  key: string;
  counts: Record<string, number[]>;
}

interface RateRow {
  provider: string;
  stream: string;
  bounceRate: number;
  complaintRate: number;
  limits: Partial<ProviderLimits>;
  sent: number;
}

async function statistics(relay: RelayAccess, { query }: ConsoleRequest): Promise<object> {
  const days = daysOf(wordOf(query, 'from'), wordOf(query, 'to'));
  const by = byOf(wordOf(query, 'by'));
  const [stream, tag, provider] = ['stream', 'tag', 'provider'].map((name) => wordOf(query, name));
  const all = (await relay.queue.counts.read(days)).filter(
    (one) => (stream === undefined || one.stream === stream) && (provider === undefined || one.provider === provider),
  );
  const wanted = all.filter((one) =>
    tag !== undefined ? one.tag === tag : by === 'tag' ? one.tag !== '' : one.tag === '',
  );
  return {
    days,
    series: seriesOf(wanted, days, by),
    latency: latencies(all, days),
    rates: ratesOf(
      relay,
      all.filter((one) => one.tag === ''),
    ),
  };
}

function seriesOf(counts: readonly Count[], days: readonly string[], by: By): Series[] {
  const place = new Map(days.map((day, index) => [day, index]));
  const series = new Map<string, Series>();
  for (const one of counts) {
    if (one.type.startsWith('latency:')) continue;
    const key = by === 'none' ? 'all' : one[by];
    const own = series.get(key) ?? { key, counts: {} };
    series.set(key, own);
    const values = (own.counts[one.type] ??= days.map(() => 0));
    values[place.get(one.day)!]! += one.count;
  }
  if (by === 'none' && series.size === 0) series.set('all', { key: 'all', counts: emptyCounts(days) });
  return [...series.values()].sort((a, b) => sentOf(b) - sentOf(a)).slice(0, MOST_SERIES);
}

function emptyCounts(days: readonly string[]): Record<string, number[]> {
  return Object.fromEntries(COUNTED_TYPES.map((type) => [type, days.map(() => 0)]));
}

function sentOf({ counts }: Series): number {
  return (counts['sent'] ?? []).reduce((sum, count) => sum + count, 0);
}

/** By day: how long it took from `send()` to the provider's answer, in milliseconds. */
function latencies(
  counts: readonly Count[],
  days: readonly string[],
): Record<'p50' | 'p95' | 'p99', (number | null)[]> {
  const steps = new Map(days.map((day) => [day, Array.from({ length: LATENCY_STEPS }, () => 0)]));
  for (const { day, type, count } of counts) {
    if (!type.startsWith('latency:')) continue;
    const step = Number(type.slice('latency:'.length));
    if (step < LATENCY_STEPS) steps.get(day)![step]! += count;
  }
  const share = (part: number): (number | null)[] => days.map((day) => latencyOf(steps.get(day)!, part));
  return { p50: share(0.5), p95: share(0.95), p99: share(0.99) };
}

/** Of the days asked for, each transport and stream, against what its provider bears. */
function ratesOf({ transports, configuration }: RelayAccess, counts: readonly Count[]): RateRow[] {
  const groups = new Map<string, Count[]>();
  for (const one of counts) {
    const key = JSON.stringify([one.provider, one.stream]);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  const known = new Map(transports.known.map(({ name, transport }) => [name, transport]));
  return [...groups.values()].flatMap((group): RateRow[] => {
    const { provider, stream } = group[0]!;
    const { sent, bounced, complained, bounceRate, complaintRate } = totals(group);
    if (sent === 0 && bounced === 0 && complained === 0) return [];
    const own = configuration.reputation?.of(stream);
    const limits = own
      ? { bounceRate: own.bounceRate, complaintRate: own.complaintRate, source: 'the option reputation' }
      : (limitsOfProvider(known.get(provider)) ?? {});
    return [{ provider, stream, bounceRate, complaintRate, limits, sent }];
  });
}

function byOf(by: string | undefined): By {
  if (by === undefined) return 'none';
  if (['none', 'provider', 'stream', 'tag'].includes(by)) return by as By;
  throw new ConsoleRejectedError(422, 'by is none, provider, stream or tag', 'by');
}

/** All days from one to the other, in UTC. */
function daysOf(from: string | undefined, to: string | undefined): string[] {
  const end = dayIn(to, 'to') ?? Date.parse(dayOf(Date.now()));
  const start = dayIn(from, 'from') ?? end - (DEFAULT_DAYS - 1) * DAY;
  const count = Math.round((end - start) / DAY) + 1;
  if (count < 1 || count > COUNT_DAYS)
    throw new ConsoleRejectedError(422, `from is before to, and at most ${COUNT_DAYS} days`, 'from');
  return Array.from({ length: count }, (_, index) => dayOf(start + index * DAY));
}

function dayIn(day: string | undefined, field: string): number | undefined {
  if (day === undefined) return undefined;
  const at = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(day) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new ConsoleRejectedError(422, `${field} is a day such as 2026-11-01`, field);
}

const DAY = 86_400_000;
const DEFAULT_DAYS = 28;
const MOST_SERIES = 50;
