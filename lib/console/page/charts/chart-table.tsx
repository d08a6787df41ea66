import { day } from '../parts/format.js';
import type { Line } from './chart-lines.js';

/** The newest day first. */
export function ChartTable({
  title,
  days,
  lines,
  print,
}: {
  title: string;
  days: readonly string[];
  lines: readonly Line[];
  print: (value: number) => string;
}) {
  return (
    <details class="chart-table">
      <summary>As a table</summary>
      <div class="table-box" tabIndex={0} role="region" aria-label={`Table: ${title}`}>
        <table>
          <caption class="sr-only">{title}</caption>
          <thead>
            <tr>
              <th scope="col">Day</th>
              {lines.map(({ name }) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {days
              .map((one, index) => (
                <tr key={one}>
                  <th scope="row" class="nowrap">
                    <time dateTime={one}>{day(Date.parse(`${one}T00:00:00Z`) / 1_000)}</time>
                  </th>
                  {lines.map(({ name, values }) => {
                    const value = values[index];
                    return (
                      <td key={name} class="number">
                        {value === null || value === undefined ? '–' : print(value)}
                      </td>
                    );
                  })}
                </tr>
              ))
              .toReversed()}
          </tbody>
        </table>
      </div>
    </details>
  );
}
