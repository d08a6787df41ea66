import { change } from '../client/request.js';
import { writable } from '../client/session.js';
import type { SuppressionEntry } from '../client/types.js';
import { say, sayProblem } from '../parts/announcer.js';
import { Badge } from '../parts/badge.js';
import type { Tone } from '../parts/tone.js';
import { confirm } from '../parts/confirm.js';
import { Time } from '../parts/time.js';

const TONES: Record<string, Tone> = { bounced: 'bad', complained: 'bad', unsubscribed: 'odd', manual: 'quiet' };

const HEADINGS = ['Address', 'Reason', 'For', 'Since', 'Until'];

export function SuppressionTable({ entries, changed }: { entries: readonly SuppressionEntry[]; changed: () => void }) {
  const remove = async ({ address, stream, tenant }: SuppressionEntry) => {
    const text = 'Mails are sent to it again. If it bounced or complained, that costs reputation at the provider.';
    if (!(await confirm(`Remove ${address}?`, text, 'Remove'))) return;
    try {
      const { removed } = await change<{ removed: boolean }>('DELETE', 'suppressions', { address, stream, tenant });
      say(removed ? `${address} gets mails again.` : `${address} was not on the list any more.`);
      changed();
    } catch (error) {
      sayProblem(error);
    }
  };
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label="Suppressed addresses">
      <table class="stack" role="table">
        <thead role="rowgroup">
          <tr role="row">
            {HEADINGS.map((heading) => (
              <th key={heading} scope="col" role="columnheader">
                {heading}
              </th>
            ))}
            {writable() && (
              <th scope="col" role="columnheader">
                <span class="sr-only">Action</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {entries.map((entry) => (
            <tr role="row" key={[entry.address, entry.stream, entry.tenant].join(' ')}>
              <th scope="row" role="rowheader" class="address">
                {entry.address}
              </th>
              <td role="cell">
                <Badge tone={TONES[entry.reason] ?? 'quiet'}>{entry.reason}</Badge>
                {entry.source !== undefined && <div class="muted break">{entry.source}</div>}
              </td>
              <td role="cell" data-label="For">
                {scope(entry)}
              </td>
              <td role="cell" class="nowrap" data-label="Since">
                <Time at={entry.at} />
              </td>
              <td role="cell" class="nowrap" data-label="Until">
                {entry.expires === undefined ? 'for ever' : <Time at={entry.expires} />}
              </td>
              {writable() && (
                <td role="cell" class="tight">
                  <button
                    type="button"
                    class="small"
                    aria-label={`Remove ${entry.address}`}
                    onClick={() => void remove(entry)}
                  >
                    Remove
                  </button>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function scope({ stream, tenant }: SuppressionEntry): string {
  const parts = [stream && `stream ${stream}`, tenant && `tenant ${tenant}`].filter(Boolean);
  return parts.length > 0 ? parts.join(', ') : 'all mails';
}
