import type { Counted, Statistics } from '../client/types.js';
import { count, percent } from '../parts/format.js';
import { COUNT_NAMES, total } from './chart-lines.js';

const SHOWN: readonly Counted[] = ['sent', 'delivered', 'deferred', 'bounced', 'complained', 'opened', 'clicked'];

/** The sums, and what share of what was sent they are. */
export function Totals({ data }: { data: Statistics }) {
  const sent = total(data, 'sent');
  return (
    <dl class="totals">
      {SHOWN.map((counted) => {
        const sum = total(data, counted);
        return (
          <div key={counted}>
            <dt>{COUNT_NAMES[counted]}</dt>
            <dd>
              <span class="count-number">{count(sum)}</span>
              {counted !== 'sent' && sent > 0 && <span class="muted">{percent(sum / sent)}</span>}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
