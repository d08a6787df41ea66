import { signal } from '@preact/signals';
import { exactTime, spokenTime } from './format.js';

/** One clock for all times on the page. */
const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), 15_000);

/** As a person would say it, and exactly when pointed at. */
export function Time({ at }: { at: string }) {
  // A clock that is a little behind the server's must not say "in 3 seconds".
  const reference = Math.max(now.value, Date.now());
  return (
    <time dateTime={at} title={exactTime(at)}>
      {spokenTime(at, reference)}
    </time>
  );
}
