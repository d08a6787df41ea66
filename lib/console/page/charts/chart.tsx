import 'uplot/dist/uPlot.min.css';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { day } from '../parts/format.js';
import { Empty } from '../parts/notes.js';
import { dark } from '../shell/theme.js';
import { ChartTable } from './chart-table.js';
import { type Line, MOST_LINES } from './chart-lines.js';

const HEIGHT = 240;

/** Lines over days, and the same as a table for those who do not see lines. */
export function Chart({
  title,
  days,
  lines,
  print,
  empty,
}: {
  title: string;
  days: readonly string[];
  lines: readonly Line[];
  /** How a value is written. */
  print: (value: number) => string;
  empty: string;
}) {
  const id = useId();
  const drawn = lines.slice(0, MOST_LINES);
  return (
    <figure class="chart" aria-labelledby={id}>
      <figcaption>
        <h2 id={id}>{title}</h2>
      </figcaption>
      {lines.length === 0 ? (
        <Empty icon="chart" title="Nothing to draw">
          {empty}
        </Empty>
      ) : (
        <>
          <Legend lines={drawn} hidden={lines.length - drawn.length} />
          <Drawing title={title} days={days} lines={drawn} print={print} />
          <ChartTable title={title} days={days} lines={lines} print={print} />
        </>
      )}
    </figure>
  );
}

function Legend({ lines, hidden }: { lines: readonly Line[]; hidden: number }) {
  return (
    <ul class="legend" role="list">
      {lines.map(({ name, colour, dash }) => (
        <li key={name}>
          <svg class="legend-line" viewBox="0 0 28 6" aria-hidden="true">
            <line x1="0" y1="3" x2="28" y2="3" class={`line-${colour}`} stroke-dasharray={dash.join(' ')} />
          </svg>
          {name}
        </li>
      ))}
      {hidden > 0 && <li class="muted">{hidden} more in the table</li>}
    </ul>
  );
}

function Drawing({ title, days, lines, print }: Omit<Parameters<typeof Chart>[0], 'empty'>) {
  const place = useRef<HTMLDivElement>(null);
  const isDark = dark.value;
  useLayoutEffect(() => {
    const element = place.current!;
    const colours = getComputedStyle(element);
    const times = days.map((one) => Date.parse(`${one}T00:00:00Z`) / 1_000);
    const data = [times, ...lines.map(({ values }) => [...values])] as uPlot.AlignedData;
    const plot = new uPlot(options(lines, print, colours, element.clientWidth, days.length), data, element);
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [days, lines, isDark]);
  return <div class="drawing" ref={place} role="img" aria-label={`Chart: ${title}. The table below has its values.`} />;
}

function options(
  lines: readonly Line[],
  print: (value: number) => string,
  colours: CSSStyleDeclaration,
  width: number,
  days: number,
): uPlot.Options {
  const of = (name: string) => colours.getPropertyValue(name).trim();
  const axis = { stroke: of('--muted'), font: `12px ${colours.fontFamily}`, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    // Days are the same everywhere.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
    cursor: { drag: { setScale: false }, points: { size: 7 } },
    legend: { show: false },
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(high * 1.1, 1)] } },
    axes: [
      {
        ...axis,
        size: 32,
        grid: { show: false },
        incrs: [1, 2, 7, 14, 28].map((one) => one * 86_400),
        values: (_plot, splits) => splits.map(day),
      },
      {
        ...axis,
        size: 64,
        grid: { stroke: of('--line'), width: 1 },
        values: (_plot, splits) => splits.map((value) => print(value)),
      },
    ],
    series: [
      {},
      ...lines.map(({ name, colour, dash, values }) => ({
        label: name,
        stroke: of(`--line-${colour}`),
        width: 2,
        dash: [...dash],
        // A day between days without a value is no line.
        points: { show: days <= 7 || values.filter((value) => value !== null).length <= 7, size: 6 },
        spanGaps: true,
      })),
    ],
    plugins: [tooltip(lines, print)],
  };
}

/** What is drawn at the pointer, in words. */
function tooltip(lines: readonly Line[], print: (value: number) => string): uPlot.Plugin {
  const box = document.createElement('div');
  box.className = 'chart-tip';
  box.hidden = true;
  return {
    hooks: {
      ready: (plot) => plot.over.append(box),
      setCursor: (plot) => {
        const { idx, left = 0 } = plot.cursor;
        box.hidden = idx === null || idx === undefined || left < 0;
        if (box.hidden) return;
        const words = lines.map(({ name, values }) => {
          const value = values[idx!];
          return `${name}: ${value === null || value === undefined ? 'none' : print(value)}`;
        });
        box.textContent = [day(plot.data[0][idx!]!), ...words].join('\n');
        const right = left > plot.over.clientWidth / 2;
        box.style.left = right ? '' : `${left + 12}px`;
        box.style.right = right ? `${plot.over.clientWidth - left + 12}px` : '';
      },
    },
  };
}
