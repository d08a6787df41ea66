import type { ComponentChildren, RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

/** Rows beyond what is seen, above and below. */
const MARGIN = 6;

/** A list of rows of one height, of which only those in sight are in the document, and the one that is in use. */
export function WindowedList({
  box,
  label,
  size,
  height,
  active,
  keyOf,
  row,
  more,
  end,
  moved,
}: {
  /** What scrolls. */
  box: RefObject<HTMLDivElement | null>;
  label: string;
  size: number;
  /** Of a row, in pixels. */
  height: number;
  active: number;
  keyOf: (index: number) => string;
  row: (index: number) => ComponentChildren;
  /** The end comes in sight. */
  more: () => void;
  end: ComponentChildren;
  moved: (top: number) => void;
}) {
  const [range, setRange] = useState({ from: 0, to: 20 });
  const look = () => {
    const element = box.current;
    if (!element) return;
    const from = Math.max(0, Math.floor(element.scrollTop / height) - MARGIN);
    const to = Math.ceil((element.scrollTop + element.clientHeight) / height) + MARGIN;
    setRange((was) => (was.from === from && was.to === to ? was : { from, to }));
    if (to >= size) more();
  };
  useLayoutEffect(() => {
    look();
    const observer = new ResizeObserver(look);
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, [size]);
  const shown: number[] = [];
  if (active >= 0 && active < size && active < range.from) shown.push(active);
  for (let index = range.from; index < Math.min(range.to, size); index++) shown.push(index);
  if (active >= range.to && active < size) shown.push(active);
  return (
    <div
      class="windowed"
      ref={box}
      onScroll={() => {
        look();
        moved(box.current?.scrollTop ?? 0);
      }}
    >
      <ul class="windowed-rows" role="list" aria-label={label} style={{ height: `${size * height}px` }}>
        {shown.map((index) => (
          <li
            key={keyOf(index)}
            aria-setsize={size}
            aria-posinset={index + 1}
            style={{ transform: `translateY(${index * height}px)`, height: `${height}px` }}
          >
            {row(index)}
          </li>
        ))}
      </ul>
      {end}
    </div>
  );
}
