import { useEffect, useState } from 'preact/hooks';
import { useLive } from '../client/live.js';
import { get } from '../client/request.js';
import { QUEUE_STATES, type QueueCounts, type QueueView } from '../client/types.js';
import { useResource } from '../client/use-resource.js';
import { useSoon } from '../client/use-soon.js';
import { Badge } from '../parts/badge.js';
import { count } from '../parts/format.js';
import { ErrorNote, Skeleton } from '../parts/notes.js';
import { href, route } from '../shell/route.js';
import { QueuedMails } from './queued-mails.js';
import { StreamTable } from './stream-table.js';
import { TransportCards } from './transport-cards.js';

/** What waits, why and until when, and the transports it waits for. */
export function QueuePage() {
  const queue = useResource('queue', (signal) => get<QueueView>('queue', {}, signal));
  const [told, setTold] = useState<QueueCounts>();
  useRefresh(queue.reload, setTold);
  useEffect(() => setTold(undefined), [queue.data]);
  const counts = told ?? queue.data?.counts;
  const chosen = QUEUE_STATES.find((state) => state === route.value.query['state']) ?? 'waiting';
  return (
    <div class="page">
      <div class="page-head">
        <h1>Queue</h1>
        {queue.data && <span class="muted">{queue.data.backend} queue</span>}
      </div>
      {queue.problem && <ErrorNote problem={queue.problem} retry={queue.reload} />}
      {!queue.data && !queue.problem && <Skeleton rows={4} tall />}
      {counts && (
        <nav aria-label="Mails in the queue, by state">
          <ul class="counts" role="list">
            {QUEUE_STATES.map((state) => (
              <li key={state}>
                <a
                  class={`count count-${state}${counts[state] > 0 ? '' : ' count-none'}`}
                  href={href(['queue'], { state })}
                  aria-current={state === chosen ? 'true' : undefined}
                >
                  <span class="count-number">{count(counts[state])}</span>
                  <span class="count-name">{NAMES[state]}</span>
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
      {queue.data && <Alerts queue={queue.data} />}
      {queue.data && (
        <div class="queue-grid">
          <QueuedMails
            key={chosen}
            state={chosen}
            name={NAMES[chosen]}
            amount={counts?.[chosen] ?? 0}
            changed={queue.reload}
          />
          <div>
            <section aria-labelledby="transports">
              <h2 id="transports">Transports</h2>
              <TransportCards transports={queue.data.transports} changed={queue.reload} />
            </section>
            <section aria-labelledby="streams">
              <h2 id="streams">Streams</h2>
              <StreamTable streams={queue.data.streams} changed={queue.reload} />
            </section>
          </div>
        </div>
      )}
    </div>
  );
}

/** On a narrow page transports come after the mails: what is wrong with them is said before. */
function Alerts({ queue }: { queue: QueueView }) {
  const down = queue.transports.filter(({ breaker }) => breaker === 'open');
  const paused = [...queue.transports, ...queue.streams].filter((one) => one.paused);
  if (down.length + paused.length === 0) return null;
  return (
    <p class="alerts">
      {down.map(({ name }) => (
        <span key={name}>
          <Badge tone="bad">down</Badge> {name}
        </span>
      ))}
      {paused.map(({ name }) => (
        <span key={name}>
          <Badge tone="fair">paused</Badge> {name}
        </span>
      ))}
    </p>
  );
}

const NAMES = {
  waiting: 'Waiting',
  scheduled: 'Scheduled',
  deferred: 'Deferred',
  sending: 'Sending',
  dead: 'Dead letters',
} as const;

/** Counts come with the event; transports are asked for every few seconds while something happens. */
function useRefresh(reload: () => void, told: (counts: QueueCounts) => void): void {
  const soon = useSoon(reload, 3_000);
  useLive('queue', (counts) => {
    if (counts) told(counts);
    soon();
  });
}
