import { useEffect, useRef, useState } from 'preact/hooks';
import { useLive } from '../client/live.js';
import { get } from '../client/request.js';
import { writable } from '../client/session.js';
import type { QueuedMail, QueueState } from '../client/types.js';
import { useResource } from '../client/use-resource.js';
import { useSoon } from '../client/use-soon.js';
import { changeMails } from '../inbox/change-mails.js';
import { many } from '../parts/format.js';
import { Empty, ErrorNote, Skeleton } from '../parts/notes.js';
import { Pager, usePages } from '../parts/pager.js';
import { QueuedTable } from './queued-table.js';

const PAGE = 50;

/** One page of the mails in a state, and what can be done with those that are chosen. */
export function QueuedMails({
  state,
  name,
  amount,
  changed,
}: {
  state: QueueState;
  name: string;
  amount: number;
  changed: () => void;
}) {
  const pages = usePages(state);
  const page = useResource(`queued ${state} ${pages.cursor ?? ''}`, (signal) =>
    get<{ mails: QueuedMail[]; cursor?: string }>('queue/mails', { state, cursor: pages.cursor, limit: PAGE }, signal),
  );
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => setChosen(new Set()), [pages.number]);
  const busy = useRef(false);
  useLive('queue', useSoon(page.reload, 2_000));

  const mails = page.data?.mails ?? [];
  const there = mails.filter(({ id }) => chosen.has(id)).map(({ id }) => id);
  const run = async (what: 'retry' | 'cancel') => {
    if (busy.current) return;
    busy.current = true;
    if (await changeMails(what, there)) {
      setChosen(new Set());
      page.reload();
      changed();
    }
    busy.current = false;
  };
  return (
    <section aria-labelledby="queued">
      <div class="section-head">
        <h2 id="queued">{name}</h2>
        {writable() && there.length > 0 && (
          <div class="actions" role="group" aria-label="With the chosen mails">
            <span>{many(there.length, 'mail')} chosen</span>
            {state === 'dead' ? (
              <button type="button" class="primary" onClick={() => void run('retry')}>
                Send again
              </button>
            ) : (
              <button type="button" class="danger" onClick={() => void run('cancel')}>
                Cancel
              </button>
            )}
          </div>
        )}
      </div>
      {page.problem && <ErrorNote problem={page.problem} retry={page.reload} />}
      {!page.data && !page.problem && <Skeleton rows={Math.min(8, Math.max(2, amount))} />}
      {page.data && mails.length === 0 && (
        <Empty icon={state === 'dead' ? 'check' : 'queue'} title={EMPTY[state]}>
          {pages.number > 1 && (
            <button type="button" onClick={pages.first}>
              To the first page
            </button>
          )}
        </Empty>
      )}
      {mails.length > 0 && (
        <QueuedTable mails={mails} state={state} chosen={chosen} choose={setChosen} choosable={writable()} />
      )}
      <Pager pages={pages} next={page.data?.cursor} label={`Pages of ${name.toLowerCase()}`} />
    </section>
  );
}

const EMPTY: Record<QueueState, string> = {
  waiting: 'Nothing waits',
  scheduled: 'Nothing is scheduled for later',
  deferred: 'Nothing is deferred',
  sending: 'Nothing is being sent just now',
  dead: 'No dead letters',
};
