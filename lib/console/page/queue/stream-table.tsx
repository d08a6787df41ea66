import type { StreamView } from '../client/types.js';
import { Badge } from '../parts/badge.js';
import { Empty } from '../parts/notes.js';
import { Time } from '../parts/time.js';
import { PauseButton } from './pause-button.js';

export function StreamTable({ streams, changed }: { streams: readonly StreamView[]; changed: () => void }) {
  if (streams.length === 0) return <Empty icon="queue" title="No streams yet" />;
  return (
    <ul class="cards" role="list">
      {streams.map(({ name, paused, until, why }) => (
        <li key={name} class="card row">
          <div class="grow">
            <h3>
              {name} <Badge tone={paused ? 'fair' : 'good'}>{paused ? 'paused' : 'running'}</Badge>
            </h3>
            {paused && (why !== undefined || until !== undefined) && (
              <p class="muted">
                {why}
                {until !== undefined && (
                  <>
                    {' '}
                    until <Time at={until} />
                  </>
                )}
              </p>
            )}
          </div>
          <PauseButton kind="stream" name={name} paused={paused} changed={changed} />
        </li>
      ))}
    </ul>
  );
}
