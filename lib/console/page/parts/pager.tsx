import { useState } from 'preact/hooks';

export interface Pages {
  /** Of the page that is shown; none for the first. */
  cursor: string | undefined;
  number: number;
  next: (cursor: string) => void;
  previous: () => void;
  first: () => void;
}

/** Goes through a list by cursors, which lead forward only: the way back is remembered. */
export function usePages(key: string): Pages {
  const [state, setState] = useState<{ key: string; cursors: string[] }>({ key, cursors: [] });
  const cursors = state.key === key ? state.cursors : [];
  const to = (changed: string[]) => setState({ key, cursors: changed });
  return {
    cursor: cursors.at(-1),
    number: cursors.length + 1,
    next: (cursor) => to([...cursors, cursor]),
    previous: () => to(cursors.slice(0, -1)),
    first: () => to([]),
  };
}

export function Pager({ pages, next, label }: { pages: Pages; next: string | undefined; label: string }) {
  if (pages.number === 1 && next === undefined) return null;
  return (
    <nav class="pager" aria-label={label}>
      <button type="button" disabled={pages.number === 1} onClick={pages.previous}>
        Previous
      </button>
      <span>Page {pages.number}</span>
      <button type="button" disabled={next === undefined} onClick={() => next !== undefined && pages.next(next)}>
        Next
      </button>
    </nav>
  );
}
