import { ApiProblem, asProblem, isAbort, problemOf } from './problem.js';

export type Query = Record<string, string | number | boolean | undefined>;

/** Which relay is asked, and the token without which the server changes nothing. */
export const context: { relay?: string; csrf?: string; renew?: () => Promise<void> } = {};

/** A path of the API below the folder that the page is in, whatever that is called. */
export function apiUrl(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...query, relay: context.relay })) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return `api/${path}${text && `?${text}`}`;
}

/** @throws ApiProblem */
export async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return (await request(apiUrl(path, query), { headers: { accept: 'application/json' }, signal: signal ?? null })) as T;
}

/** @throws ApiProblem */
export async function change<T = void>(
  method: 'POST' | 'DELETE',
  path: string,
  body?: object | string,
  query?: Query,
): Promise<T> {
  const csv = typeof body === 'string';
  const once = () =>
    request(apiUrl(path, query), {
      method,
      headers: {
        accept: 'application/json',
        'content-type': csv ? 'text/csv' : 'application/json',
        'x-relay-csrf': context.csrf ?? '',
      },
      body: csv ? body : JSON.stringify(body ?? {}),
    }) as Promise<T>;
  const used = context.csrf;
  try {
    return await once();
  } catch (error) {
    // The application was started again since: its token is another one.
    if (!(error instanceof ApiProblem) || error.status !== 403 || !context.renew) throw error;
    await context.renew();
    if (context.csrf === used) throw error;
    return await once();
  }
}

async function request(url: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: 'same-origin', cache: 'no-store', ...init });
  } catch (error) {
    throw isAbort(error) ? error : asProblem(error);
  }
  if (!response.ok) throw await problemOf(response);
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
}
