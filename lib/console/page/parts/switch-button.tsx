import type { ComponentChildren } from 'preact';

/** A button that is on or off. */
export function SwitchButton({ on, flip, children }: { on: boolean; flip: () => void; children: ComponentChildren }) {
  return (
    <button type="button" class="small switch" aria-pressed={on} onClick={flip}>
      {children}
    </button>
  );
}
