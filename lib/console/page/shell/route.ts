import { signal } from '@preact/signals';

/** Where the reader is: `#/mails/abc?state=failed`. The server knows one page only, so it is all in the fragment. */
export interface Route {
  path: readonly string[];
  query: Readonly<Record<string, string | undefined>>;
}

export const route = signal<Route>(read());

let moves = 0;

/** The reader went somewhere; else the page was opened here, and its beginning is the place to start. */
export const hasMoved = (): boolean => moves > 0;

export function followRoute(): void {
  addEventListener('hashchange', () => {
    moves++;
    route.value = read();
  });
}

/** A link to a place; the relay that is looked at stays. */
export function href(path: readonly string[], query: Route['query'] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...query, relay: route.value.query['relay'] })) {
    if (value) search.set(name, value);
  }
  const text = search.toString();
  return `#/${path.map(encodeURIComponent).join('/')}${text && `?${text}`}`;
}

export function go(path: readonly string[], query: Route['query'] = {}): void {
  location.hash = href(path, query);
}

/** Changes what the page shows without a step in the history. */
export function refine(changes: Route['query']): void {
  const { path, query } = route.peek();
  history.replaceState(null, '', href(path, { ...query, ...changes }));
  route.value = read();
}

function read(): Route {
  const [path = '', search = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  const parts = path.split('/').filter(Boolean).map(decoded);
  return { path: parts.length > 0 ? parts : ['mails'], query: Object.fromEntries(new URLSearchParams(search)) };
}

/** A link that somebody cut short is no reason to show nothing. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
