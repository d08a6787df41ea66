import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { MailRow } from '../client/types.js';
import { go, route } from '../shell/route.js';
import { useKeys } from '../shell/shortcuts.js';
import { ROW_HEIGHT } from './mail-row.js';

/** j and k go through the mails; with one open beside the list, they open the next. Escape closes it and returns to its row. */
export function useListKeys({
  box,
  rows,
  active,
  open,
  setActive,
}: {
  box: RefObject<HTMLDivElement | null>;
  rows: readonly MailRow[];
  active: number;
  open: string | undefined;
  setActive: (id: string) => void;
}): void {
  const wanted = useRef<string>(undefined);
  const [, again] = useState(0);
  useEffect(() => {
    if (wanted.current === undefined) return;
    const link = box.current?.querySelector<HTMLElement>(`[data-mail="${CSS.escape(wanted.current)}"]`);
    if (!link) return;
    wanted.current = undefined;
    link.focus({ preventScroll: true });
  });

  const move = (step: number, event: KeyboardEvent) => {
    const index = Math.min(rows.length - 1, Math.max(0, active + step));
    const row = rows[index];
    if (!row) return;
    event.preventDefault();
    reveal(box.current, index);
    const inDetail = document.activeElement?.closest('.split-detail');
    if (open !== undefined && inDetail) return go(['mails', row.id], route.peek().query);
    wanted.current = row.id;
    setActive(row.id);
    again((turn) => turn + 1);
  };
  /** Arrows scroll elsewhere. */
  const inList = (step: number) => (event: KeyboardEvent) => {
    if (box.current?.contains(document.activeElement)) move(step, event);
  };
  useKeys({
    j: (event) => move(1, event),
    k: (event) => move(-1, event),
    ArrowDown: inList(1),
    ArrowUp: inList(-1),
    Escape: () => {
      if (open === undefined) return;
      wanted.current = open;
      go(['mails'], { ...route.peek().query, tab: undefined });
      setActive(open);
    },
  });
}

function reveal(box: HTMLDivElement | null, index: number): void {
  if (!box) return;
  const top = index * ROW_HEIGHT;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW_HEIGHT > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW_HEIGHT - box.clientHeight;
}
