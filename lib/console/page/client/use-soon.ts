import { useEffect, useRef } from 'preact/hooks';

/** Gives what has something done after `wait` milliseconds, once however often it is called meanwhile; not once the page is left. */
export function useSoon(act: () => void, wait: number): () => void {
  const latest = useRef(act);
  // What is to be done is what is right then: the page may show something else by that time.
  latest.current = act;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, wait);
  };
}
