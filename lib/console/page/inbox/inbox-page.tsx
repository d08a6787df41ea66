import { useEffect, useRef, useState } from 'preact/hooks';
import { change } from '../client/request.js';
import { session, writable } from '../client/session.js';
import { say, sayProblem } from '../parts/announcer.js';
import { confirm } from '../parts/confirm.js';
import { count, many } from '../parts/format.js';
import { Empty, ErrorNote, Note, Skeleton } from '../parts/notes.js';
import { WindowedList } from '../parts/windowed-list.js';
import { href, route } from '../shell/route.js';
import { FilterBar } from './filter-bar.js';
import type { MailFilter } from './mail-filter.js';
import { MailPane } from './mail-pane.js';
import { MailRowLink, ROW_HEIGHT } from './mail-row.js';
import { useListKeys } from './use-list-keys.js';
import { useMailList } from './use-mail-list.js';

export function InboxPage() {
  const { path, query } = route.value;
  const filter = filterOf(query);
  const list = useMailList(filter);
  const box = useRef<HTMLDivElement>(null);
  const [activeId, setActive] = useState<string>();
  const open = path[1];
  const active = list.rows.findIndex(({ id }) => id === (activeId ?? open));
  useListKeys({ box, rows: list.rows, active, open, setActive });
  useEffect(() => {
    if (open) setActive(open);
  }, [open]);
  return (
    <div class={open ? 'split split-open' : 'split'}>
      <h1 class="sr-only">Inbox</h1>
      <section class="split-list" aria-label="Mails">
        <div class="list-head">
          <span class="list-title" aria-hidden="true">
            Inbox
          </span>
          <span class="muted">{list.total !== undefined && many(list.total, 'mail')}</span>
          <ClearButton done={list.reload} />
        </div>
        <FilterBar filter={filter} rows={list.rows} />
        {list.note && <Note>{list.note}</Note>}
        {list.held.length > 0 && (
          <button
            type="button"
            class="primary new-mails"
            onClick={() => {
              box.current?.scrollTo({ top: 0 });
              list.follow(true);
            }}
          >
            {many(list.held.length, 'new mail')}
          </button>
        )}
        {list.rows.length === 0 ? (
          <Nothing list={list} filter={filter} />
        ) : (
          <WindowedList
            box={box}
            label="Mails, newest first"
            size={list.rows.length}
            height={ROW_HEIGHT}
            active={active}
            keyOf={(index) => list.rows[index]!.id}
            row={(index) => {
              const row = list.rows[index]!;
              return (
                <MailRowLink
                  row={row}
                  link={href(['mails', row.id], query)}
                  current={row.id === open}
                  focused={() => setActive(row.id)}
                />
              );
            }}
            more={list.more}
            moved={(top) => list.follow(top < ROW_HEIGHT)}
            end={<End list={list} />}
          />
        )}
      </section>
      <section class="split-detail" aria-label="Mail">
        {open ? (
          <MailPane key={open} id={open} />
        ) : (
          <Empty icon="inbox" title="No mail chosen">
            Choose a mail to see what was sent, and what became of it.
          </Empty>
        )}
      </section>
    </div>
  );
}

function Nothing({ list, filter }: { list: ReturnType<typeof useMailList>; filter: MailFilter }) {
  if (list.problem) return <ErrorNote problem={list.problem} retry={list.reload} />;
  if (list.loading) return <Skeleton rows={8} tall />;
  if (Object.values(filter).some(Boolean)) {
    return (
      <Empty icon="search" title="No mail fits">
        Search for a recipient's whole address, a Message-ID, words of the subject, or <code>tag:welcome</code>. Or{' '}
        <a href={href(['mails'])}>show all mails</a>. What nothing has come of yet is under{' '}
        <a href={href(['queue'])}>Queue</a>.
      </Empty>
    );
  }
  return (
    <Empty icon="inbox" title="No mails yet">
      Send one with <code>mail.send()</code>: it appears here by itself.
    </Empty>
  );
}

function End({ list }: { list: ReturnType<typeof useMailList> }) {
  if (list.problem) return <ErrorNote problem={list.problem} retry={list.reload} />;
  if (list.full)
    return <p class="list-end">These are {count(list.rows.length)} mails. Search or filter to find older ones.</p>;
  if (list.cursor !== undefined) return <p class="list-end">Loading more …</p>;
  return <p class="list-end">That is all.</p>;
}

/** Development only: what was sent for trial is of no use any more. */
function ClearButton({ done }: { done: () => void }) {
  if (!writable() || session.value?.features.clear !== true) return null;
  const clear = async () => {
    const text = 'All mails that the relay kept, and what is known of them, are removed. This cannot be undone.';
    if (!(await confirm('Clear the inbox?', text, 'Clear the inbox'))) return;
    try {
      const { removed } = await change<{ removed: number }>('DELETE', 'mails');
      say(`Removed ${many(removed, 'mail')}.`);
      location.hash = href(['mails']);
      done();
    } catch (error) {
      sayProblem(error);
    }
  };
  return (
    <button type="button" class="small push" onClick={() => void clear()}>
      Clear
    </button>
  );
}

function filterOf(query: Record<string, string | undefined>): MailFilter {
  const { search = '', state = '', stream = '', tag = '', transport = '' } = query;
  return { search, state, stream, tag, transport };
}
