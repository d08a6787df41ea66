import { useEffect, useRef, useState } from 'preact/hooks';
import { useLive } from '../client/live.js';
import { type ApiProblem, asProblem, isAbort } from '../client/problem.js';
import { get } from '../client/request.js';
import type { MailPage, MailRow } from '../client/types.js';
import { many } from '../parts/format.js';
import { whisper } from '../parts/announcer.js';
import { fits, type MailFilter } from './mail-filter.js';
import { addRows, mergeRows, MOST_ROWS } from './merge-rows.js';

const PAGE = 50;
/** At least this long between two readings, however much arrives. */
const REST = 2_000;

interface State {
  rows: MailRow[];
  /** Came while the reader was further down. */
  held: MailRow[];
  cursor?: string | undefined;
  total?: number | undefined;
  note?: string | undefined;
  problem?: ApiProblem | undefined;
  loading: boolean;
}

export interface MailList extends State {
  reload: () => void;
  more: () => void;
  /** Whether new mails may come in at the top, which moves what is below. */
  follow: (atTop: boolean) => void;
  /** Nothing older is held: there were too many. */
  full: boolean;
}

/** The mails that fit a filter: page by page from the server, and kept up to date by what it tells. */
export function useMailList(filter: MailFilter): MailList {
  const [state, setState] = useState<State>({ rows: [], held: [], loading: true });
  const work = useRef({ running: new AbortController(), atTop: true, stale: false, read: 0, timer: 0, busy: false });
  const key = JSON.stringify(filter);

  const load = async (cursor?: string) => {
    const mine = work.current;
    mine.running.abort();
    const { signal } = (mine.running = new AbortController());
    mine.busy = true;
    if (cursor === undefined) mine.stale = false;
    mine.read = Date.now();
    setState((was) => ({ ...was, loading: true, problem: undefined }));
    try {
      const page = await get<MailPage>('mails', { ...filter, cursor, limit: PAGE }, signal);
      setState((was) => ({
        rows: cursor === undefined ? page.mails : withoutDoubles(was.rows, page.mails),
        held: cursor === undefined ? [] : was.held,
        cursor: page.cursor,
        total: page.total ?? (cursor === undefined ? undefined : was.total),
        note: page.note,
        loading: false,
      }));
    } catch (error) {
      if (isAbort(error)) return;
      setState((was) => ({ ...was, problem: asProblem(error), loading: false }));
    }
    mine.busy = false;
  };

  /** Soon, but not while it rains mails. */
  const reloadSoon = () => {
    const mine = work.current;
    if (mine.timer) return;
    mine.timer = window.setTimeout(
      () => {
        mine.timer = 0;
        if (mine.atTop) void load();
        else mine.stale = true;
      },
      Math.max(0, mine.read + REST - Date.now()),
    );
  };

  useEffect(() => {
    setState({ rows: [], held: [], loading: true });
    void load();
    const mine = work.current;
    return () => {
      mine.running.abort();
      clearTimeout(mine.timer);
      mine.timer = 0;
    };
  }, [key]);

  useLive('mails', (told) => {
    if (!told) return reloadSoon();
    setState((was) => {
      if (was.loading && was.rows.length === 0) return was;
      const { rows, fresh } = mergeRows(was.rows, told, (row) => fits(row, filter), was.cursor === undefined);
      const held = mergeRows(was.held, fresh, (row) => fits(row, filter), true);
      const all = addRows(held.rows, held.fresh);
      const total = was.total === undefined ? undefined : was.total + held.fresh.length;
      if (held.fresh.length > 0) whisper(`${many(held.fresh.length, 'new mail')}`);
      return work.current.atTop
        ? { ...was, rows: addRows(rows, all), held: [], total }
        : { ...was, rows, held: all, total };
    });
  });

  const full = state.rows.length >= MOST_ROWS;
  return {
    ...state,
    full,
    reload: () => void load(),
    more: () => {
      if (state.cursor !== undefined && !state.loading && !state.problem && !full && !work.current.busy) {
        void load(state.cursor);
      }
    },
    follow: (atTop) => {
      work.current.atTop = atTop;
      if (atTop && work.current.stale) return void load();
      if (atTop) setState((was) => (was.held.length ? { ...was, rows: addRows(was.rows, was.held), held: [] } : was));
    },
  };
}

function withoutDoubles(rows: MailRow[], more: MailRow[]): MailRow[] {
  const there = new Set(rows.map(({ id }) => id));
  return [...rows, ...more.filter(({ id }) => !there.has(id))].slice(0, MOST_ROWS);
}
