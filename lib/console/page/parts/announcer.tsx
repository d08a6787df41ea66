import { signal } from '@preact/signals';
import { asProblem } from '../client/problem.js';
import { Icon } from './icon.js';

const said = signal<{ text: string; bad: boolean } | undefined>(undefined);
const arrived = signal('');
let fading: ReturnType<typeof setTimeout> | undefined;
let quietUntil = 0;

/** Tells, on the page and to screen readers, what came of what the reader did. */
export function say(text: string, bad = false): void {
  said.value = { text, bad };
  clearTimeout(fading);
  // What went wrong stays until it is put away.
  if (!bad) fading = setTimeout(() => (said.value = undefined), 8_000);
}

/** Tells why something was not done. */
export function sayProblem(error: unknown): void {
  const { title, message } = asProblem(error);
  say(`${title}: ${message}`, true);
}

/** Tells screen readers only, and at most every ten seconds, what came by itself. */
export function whisper(text: string): void {
  const now = Date.now();
  if (now < quietUntil) return;
  quietUntil = now + 10_000;
  arrived.value = text;
}

export function Announcer() {
  const now = said.value;
  return (
    <>
      <div class="toast-place" role="status" aria-live="polite">
        {now && (
          <div class={now.bad ? 'toast toast-bad' : 'toast'}>
            <span>{now.text}</span>
            <button
              type="button"
              class="plain"
              aria-label="Put this message away"
              onClick={() => (said.value = undefined)}
            >
              <Icon name="close" />
            </button>
          </div>
        )}
      </div>
      <div class="sr-only" aria-live="polite">
        {arrived.value}
      </div>
    </>
  );
}
