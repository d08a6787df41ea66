import type { Rate } from '../client/types.js';
import { Badge } from '../parts/badge.js';
import { count, percent } from '../parts/format.js';
import { Empty } from '../parts/notes.js';

/** Bounces and complaints against what each provider puts up with. */
export function RateTable({ rates }: { rates: readonly Rate[] }) {
  return (
    <section aria-labelledby="rates">
      <h2 id="rates">Bounce and complaint rates</h2>
      {rates.length === 0 ? (
        <Empty icon="chart" title="Nothing to compare yet">
          Rates appear when mails have been sent.
        </Empty>
      ) : (
        <div class="table-box" tabIndex={0} role="region" aria-label="Table of the rates">
          <table>
            <thead>
              <tr>
                <th scope="col">Provider</th>
                <th scope="col" class="number">
                  Sent
                </th>
                <th scope="col">Bounces</th>
                <th scope="col">Complaints</th>
                <th scope="col">Limits from</th>
              </tr>
            </thead>
            <tbody>
              {rates.map(({ provider, stream, sent, bounceRate, complaintRate, limits }) => (
                <tr key={`${provider} ${stream ?? ''}`}>
                  <th scope="row">
                    {provider}
                    {stream !== undefined && <div class="muted">{stream}</div>}
                  </th>
                  <td class="number">{count(sent)}</td>
                  <td>
                    <Share rate={bounceRate} limit={limits.bounceRate} />
                  </td>
                  <td>
                    <Share rate={complaintRate} limit={limits.complaintRate} />
                  </td>
                  <td class="muted break">{limits.source ?? 'no limits known'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Share({ rate, limit }: { rate: number; limit: number | undefined }) {
  if (limit === undefined) return <>{percent(rate)}</>;
  const near = rate / limit;
  const [tone, word] =
    near >= 1 ? (['bad', 'over'] as const) : near >= 0.7 ? (['fair', 'near'] as const) : (['good', 'below'] as const);
  return (
    <span class="nowrap">
      {percent(rate)} <Badge tone={tone}>{`${word} ${percent(limit)}`}</Badge>
    </span>
  );
}
