import { get } from '../client/request.js';
import { COUNTED, type Counted, type Statistics } from '../client/types.js';
import { useResource } from '../client/use-resource.js';
import { ErrorNote, Skeleton } from '../parts/notes.js';
import { SelectField, WordField } from '../parts/select-field.js';
import { refine, route } from '../shell/route.js';
import { COUNT_NAMES, countLines, keyedLines, latencyLines } from './chart-lines.js';
import { Chart } from './chart.js';
import { RateTable } from './rate-table.js';
import { Totals } from './totals.js';
import { milliseconds, shortCount } from '../parts/format.js';

const SPANS = ['7', '28', '90'] as const;
const GROUPS = ['none', 'provider', 'stream', 'tag'] as const;

/** What was sent and what came back, day by day (UTC). */
export function ChartsPage() {
  const { query } = route.value;
  const span = SPANS.find((days) => days === query['days']) ?? '28';
  const by = GROUPS.find((one) => one === query['by']) ?? 'none';
  const measure = COUNTED.find((one) => one === query['measure']) ?? 'sent';
  const { stream = '', tag = '', provider = '' } = query;
  const asked = { from: dayBefore(Number(span) - 1), to: dayBefore(0), stream, tag, provider, by };
  const statistics = useResource(`statistics ${JSON.stringify(asked)}`, (signal) =>
    get<Statistics>('statistics', asked, signal),
  );
  const { data } = statistics;
  return (
    <div class="page">
      <div class="page-head">
        <h1>Charts</h1>
        <span class="muted">Days are in UTC</span>
      </div>
      <div class="filter-fields" role="group" aria-label="What is shown">
        <SelectField
          label="Time"
          value={span}
          options={SPANS.map((days) => [days, `last ${days} days`] as const)}
          choose={(days) => refine({ days })}
        />
        <SelectField
          label="Split by"
          value={by}
          options={[['none', 'nothing'], ...GROUPS.slice(1)]}
          choose={(group) => refine({ by: group === 'none' ? '' : group })}
        />
        {by !== 'none' && (
          <SelectField
            label="Show"
            value={measure}
            options={COUNTED.map((one) => [one, COUNT_NAMES[one]] as const)}
            choose={(chosen) => refine({ measure: chosen })}
          />
        )}
        <WordField
          label="Provider"
          value={provider}
          known={keysOf(data, by === 'provider')}
          choose={(word) => refine({ provider: word })}
        />
        <WordField
          label="Stream"
          value={stream}
          known={['transactional', 'broadcast', ...keysOf(data, by === 'stream')]}
          choose={(word) => refine({ stream: word })}
        />
        <WordField
          label="Tag"
          value={tag}
          known={keysOf(data, by === 'tag')}
          choose={(word) => refine({ tag: word })}
        />
      </div>
      {statistics.problem && <ErrorNote problem={statistics.problem} retry={statistics.reload} />}
      {!data && !statistics.problem && <Skeleton rows={8} tall />}
      {data && by === 'none' && <Overall data={data} />}
      {data && by !== 'none' && (
        <Chart
          title={`${COUNT_NAMES[measure]} by ${by}`}
          days={data.days}
          lines={keyedLines(data, measure)}
          print={shortCount}
          empty="Nothing was counted in these days."
        />
      )}
      {data && (
        <>
          <Chart
            title="Time from send() to the provider's answer"
            days={data.days}
            lines={latencyLines(data)}
            print={milliseconds}
            empty="Nothing was sent in these days."
          />
          <RateTable rates={data.rates} />
        </>
      )}
    </div>
  );
}

const DELIVERY: readonly Counted[] = ['sent', 'delivered', 'deferred', 'bounced', 'complained'];
const READING: readonly Counted[] = ['opened', 'clicked', 'machineOpened', 'machineClicked'];

function Overall({ data }: { data: Statistics }) {
  return (
    <>
      <Totals data={data} />
      <Chart
        title="Sent and what became of it"
        days={data.days}
        lines={countLines(data, DELIVERY)}
        print={shortCount}
        empty="Nothing was sent in these days."
      />
      <Chart
        title="Opens and clicks"
        days={data.days}
        lines={countLines(data, READING)}
        print={shortCount}
        empty="No opens or clicks were counted in these days. They are counted where tracking is on, or where the provider tells of them."
      />
    </>
  );
}

function keysOf(data: Statistics | undefined, mine: boolean): string[] {
  return mine ? (data?.series.map(({ key }) => key) ?? []) : [];
}

/** `2026-11-28`, in UTC. */
function dayBefore(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
}
