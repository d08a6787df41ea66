import type { TransportView } from '../client/types.js';
import { Badge } from '../parts/badge.js';
import type { Tone } from '../parts/tone.js';
import { count } from '../parts/format.js';
import { Meter } from '../parts/meter.js';
import { Empty } from '../parts/notes.js';
import { Time } from '../parts/time.js';
import { PauseButton } from './pause-button.js';

export function TransportCards({ transports, changed }: { transports: readonly TransportView[]; changed: () => void }) {
  if (transports.length === 0) {
    return (
      <Empty icon="queue" title="No transports in this process">
        This process only queues mails. A worker sends them.
      </Empty>
    );
  }
  return (
    <ul class="cards cards-wide" role="list">
      {transports.map((transport) => (
        <li key={transport.name} class="card">
          <Card transport={transport} changed={changed} />
        </li>
      ))}
    </ul>
  );
}

const BREAKER: Record<TransportView['breaker'], readonly [tone: Tone, words: string]> = {
  closed: ['good', 'working'],
  'half-open': ['fair', 'being tried'],
  open: ['bad', 'down'],
};

function Card({ transport, changed }: { transport: TransportView; changed: () => void }) {
  const { name, printed, breaker, why, until, paused, rate, quota, concurrency } = transport;
  const [tone, words] = BREAKER[breaker];
  return (
    <>
      <div class="row">
        <h3 class="grow">
          {name} {paused ? <Badge tone="fair">paused</Badge> : <Badge tone={tone}>{words}</Badge>}
        </h3>
        <PauseButton kind="transport" name={name} paused={paused} changed={changed} />
      </div>
      <code class="muted break">{printed}</code>
      {breaker !== 'closed' && (
        <p>
          {why !== undefined && <span class="server-words">{why}</span>}
          {until !== undefined && (
            <span class="muted">
              {' '}
              Next try: <Time at={until} />
            </span>
          )}
        </p>
      )}
      <div class="meters">
        {rate && <Limit label="Rate" limit={rate.limit} used={rate.used} />}
        {quota && <Limit label="Quota" limit={quota.limit} used={quota.used} until={quota.until} />}
        {concurrency && (
          <Meter
            label="At once"
            used={concurrency.used}
            limit={concurrency.limit}
            text={`${count(concurrency.used)} of ${count(concurrency.limit)}`}
          />
        )}
      </div>
      {!rate && !quota && !concurrency && <p class="muted">No limits.</p>}
    </>
  );
}

/** `limit`: `14/s`, `50000/day`. */
function Limit({
  label,
  limit,
  used,
  until,
}: {
  label: string;
  limit: string;
  used: number | undefined;
  until?: string | undefined;
}) {
  const [amount = 0, unit = ''] = limit.split('/').map((part, index) => (index === 0 ? Number(part) : part)) as [
    number,
    string,
  ];
  if (used === undefined || !Number.isFinite(amount)) {
    return (
      <div class="meter-words">
        <span>{label}</span>
        <span>{limit}</span>
      </div>
    );
  }
  return (
    <div>
      <Meter
        label={label}
        used={used}
        limit={amount}
        text={`${count(used)} of ${count(amount)}${unit && ` a ${UNITS[unit] ?? unit}`}`}
      />
      {until !== undefined && used >= amount && (
        <p class="muted">
          Used up. It begins anew <Time at={until} />.
        </p>
      )}
    </div>
  );
}

const UNITS: Record<string, string> = { s: 'second', m: 'minute', h: 'hour' };
