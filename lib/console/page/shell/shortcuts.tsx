import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../parts/icon.js';
import { remember, remembered } from './remembered.js';

/** Single letters can be turned off: they get in the way of speech input (WCAG 2.1.4). */
const letters = signal(remembered('letters') !== 'off');
const shown = signal(false);

/** Calls back for a key that is pressed while nothing is being written and nothing asks for an answer. */
export function useKeys(keys: Record<string, (event: KeyboardEvent) => void>): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (document.querySelector('dialog[open]')) return;
      if (event.key.length === 1 && !letters.value) return;
      if (isField(event.target)) return;
      const handler = latest.current[event.key];
      if (!handler) return;
      handler(event);
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}

/** Those that hold on every page. */
export function useCommonKeys(): void {
  useKeys({
    '/': (event) => {
      const field = document.querySelector<HTMLInputElement>('[data-search]');
      if (!field) return;
      event.preventDefault();
      field.focus();
      field.select();
    },
    '?': () => (shown.value = true),
  });
}

export function ShortcutsButton() {
  return (
    <button
      type="button"
      class="plain"
      aria-label="Keyboard shortcuts"
      title="Keyboard shortcuts (?)"
      onClick={() => (shown.value = true)}
    >
      <Icon name="keyboard" />
    </button>
  );
}

export function ShortcutsDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = shown.value;
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open && dialog.current?.open) dialog.current.close();
  }, [open]);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="shortcuts-title" onClose={() => (shown.value = false)}>
      <h2 id="shortcuts-title">Keyboard shortcuts</h2>
      <dl class="shortcuts">
        {SHORTCUTS.map(([key, what]) => (
          <div key={key}>
            <dt>
              {key.split(' ').map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={letters.value}
          onChange={({ currentTarget }) => {
            letters.value = currentTarget.checked;
            remember('letters', currentTarget.checked ? undefined : 'off');
          }}
        />
        Single letters are shortcuts
      </label>
      <div class="dialog-actions">
        <button type="button" class="primary" onClick={() => (shown.value = false)}>
          Close
        </button>
      </div>
    </dialog>
  );
}

const SHORTCUTS: readonly (readonly [keys: string, what: string])[] = [
  ['/', 'Search'],
  ['j ↓', 'Next in the list'],
  ['k ↑', 'Previous in the list'],
  ['Enter', 'Open'],
  ['Esc', 'Close the mail, leave the search'],
  ['?', 'This help'],
];

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input:not([type=checkbox]), textarea, select');
}
