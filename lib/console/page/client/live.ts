import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { apiUrl } from './request.js';
import type { MailRow, QueueCounts } from './types.js';

interface LiveEvents {
  /** What came within a quarter of a second, each mail once; `undefined` when it was too much, or when some may be missing: read again. */
  mails: readonly MailRow[] | undefined;
  queue: QueueCounts | undefined;
  preview: undefined;
}

/** Whether what is seen is kept up to date. */
export const live = signal<'connecting' | 'live' | 'lost'>('connecting');

/** Calls back with what the server tells, a few times a second at most. */
export function useLive<K extends keyof LiveEvents>(kind: K, listener: (event: LiveEvents[K]) => void): void {
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => {
    const call = (event: never) => latest.current(event);
    listeners[kind].add(call);
    return () => void listeners[kind].delete(call);
  }, [kind]);
}

/** Opens the stream of events, and keeps it open while the page can be seen. */
export function startLive(): void {
  open();
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(close, HIDDEN);
    else if (!source) open();
  });
}

/** A browser has six connections for a host; pages that nobody looks at must not hold them. */
const HIDDEN = 60_000;
const PATIENCE = 6_000;
const PAUSE = 250;
const MOST = 500;

const listeners: { [K in keyof LiveEvents]: Set<(event: never) => void> } = {
  mails: new Set(),
  queue: new Set(),
  preview: new Set(),
};
const mails = new Map<string, MailRow>();
let tooMany = false;
let counts: QueueCounts | undefined;
let previewsChanged = false;
let source: EventSource | undefined;
let opened = false;
let failures = 0;
let flushing: ReturnType<typeof setTimeout> | undefined;
let losing: ReturnType<typeof setTimeout> | undefined;
let hiding: ReturnType<typeof setTimeout> | undefined;
let reopening: ReturnType<typeof setTimeout> | undefined;

function open(): void {
  clearTimeout(reopening);
  const stream = new EventSource(apiUrl('events'));
  source = stream;
  stream.addEventListener('open', () => {
    clearTimeout(losing);
    losing = undefined;
    live.value = 'live';
    failures = 0;
    if (opened) missed();
    opened = true;
  });
  stream.addEventListener('error', () => {
    // Every stream ends some time and comes back at once: that is nothing to speak of.
    losing ??= setTimeout(() => (live.value = 'lost'), PATIENCE);
    // The browser tries again by itself, but for an answer that is an error.
    if (stream.readyState !== EventSource.CLOSED) return;
    close();
    reopening = setTimeout(open, Math.min(30_000, 1_000 * 2 ** failures++));
  });
  stream.addEventListener('mail', ({ data }) => {
    if (mails.size >= MOST) tooMany = true;
    else {
      const row = JSON.parse(data as string) as MailRow;
      mails.set(row.id, row);
    }
    soon();
  });
  stream.addEventListener('more', () => {
    tooMany = true;
    soon();
  });
  stream.addEventListener('queue', ({ data }) => {
    counts = JSON.parse(data as string) as QueueCounts;
    soon();
  });
  stream.addEventListener('preview', () => {
    previewsChanged = true;
    soon();
  });
}

function close(): void {
  source?.close();
  source = undefined;
}

/** Not everything of the time without a connection is told later. */
function missed(): void {
  tooMany = true;
  previewsChanged = true;
  tell('queue', undefined);
  soon();
}

function soon(): void {
  flushing ??= setTimeout(flush, PAUSE);
}

function flush(): void {
  flushing = undefined;
  if (tooMany) tell('mails', undefined);
  else if (mails.size > 0) tell('mails', [...mails.values()]);
  if (counts) tell('queue', counts);
  if (previewsChanged) tell('preview', undefined);
  mails.clear();
  tooMany = false;
  counts = undefined;
  previewsChanged = false;
}

function tell<K extends keyof LiveEvents>(kind: K, event: LiveEvents[K]): void {
  for (const call of listeners[kind]) (call as (event: LiveEvents[K]) => void)(event);
}
