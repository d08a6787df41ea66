import type { Counted, Statistics } from '../client/types.js';

export interface Line {
  name: string;
  /** One of the colours of the charts, `--line-1` and on. */
  colour: number;
  /** Lines differ in more than their colour. */
  dash: readonly number[];
  values: readonly (number | null)[];
}

export const COUNT_NAMES: Record<Counted, string> = {
  sent: 'Sent',
  delivered: 'Delivered',
  deferred: 'Deferred',
  bounced: 'Bounced',
  complained: 'Complained',
  opened: 'Opened',
  clicked: 'Clicked',
  machineOpened: 'Opened by machines',
  machineClicked: 'Clicked by machines',
};

const COLOURS: Record<Counted, number> = {
  sent: 1,
  delivered: 2,
  deferred: 3,
  bounced: 4,
  complained: 5,
  opened: 1,
  clicked: 2,
  machineOpened: 6,
  machineClicked: 5,
};

const DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [1, 4]];
/** More lines than this cannot be told apart; the table has all. */
export const MOST_LINES = 6;

export function total(data: Statistics, counted: Counted): number {
  return data.series.reduce((sum, { counts }) => sum + (counts[counted] ?? []).reduce((a, b) => a + b, 0), 0);
}

/** All series together, a line for each thing counted. */
export function countLines(data: Statistics, shown: readonly Counted[]): Line[] {
  return shown
    .map((counted, index) => ({
      name: COUNT_NAMES[counted],
      colour: COLOURS[counted],
      dash: DASHES[index % DASHES.length]!,
      values: data.days.map((_, day) =>
        data.series.reduce((sum, { counts }) => sum + (counts[counted]?.[day] ?? 0), 0),
      ),
    }))
    .filter(({ values }) => values.some((value) => value > 0));
}

/** One thing counted, a line for each provider, stream or tag, the largest first. */
export function keyedLines(data: Statistics, counted: Counted): Line[] {
  return data.series
    .map(({ key, counts }) => ({ key, values: data.days.map((_, day) => counts[counted]?.[day] ?? 0) }))
    .map((series) => ({ ...series, sum: series.values.reduce((a, b) => a + b, 0) }))
    .filter(({ sum }) => sum > 0)
    .sort((a, b) => b.sum - a.sum)
    .map(({ key, values }, index) => ({
      name: key || 'none',
      colour: (index % MOST_LINES) + 1,
      dash: DASHES[index % DASHES.length]!,
      values,
    }));
}

export function latencyLines({ latency }: Statistics): Line[] {
  return (['p50', 'p95', 'p99'] as const)
    .map((name, index) => ({
      name: LATENCY_NAMES[name],
      colour: [2, 3, 4][index]!,
      dash: DASHES[index]!,
      values: latency[name],
    }))
    .filter(({ values }) => values.some((value) => value !== null));
}

const LATENCY_NAMES = { p50: 'Half within (p50)', p95: '95 % within (p95)', p99: '99 % within (p99)' } as const;
