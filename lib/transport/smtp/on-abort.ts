/**
 * Calls back within a tenth of a second when the signal is aborted, until the function returned is called. All signals are looked at
 * from time to time: an event listener would be added to and removed from each mail's own signal, a fifth of the cost of sending it.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const watch = { signal, callback };
  watched.add(watch);
  timer ??= setInterval(look, EVERY).unref();
  return () => void watched.delete(watch);
}

/** Milliseconds. */
const EVERY = 100;

const watched = new Set<{ readonly signal: AbortSignal; readonly callback: () => void }>();
let timer: NodeJS.Timeout | undefined;

function look(): void {
  for (const watch of watched) if (watch.signal.aborted && watched.delete(watch)) watch.callback();
  if (watched.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}
