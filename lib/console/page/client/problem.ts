import type { Problem } from './types.js';

/** Why the server did not do what was asked, in its own words where it has any. */
export class ApiProblem extends Error {
  constructor(
    message: string,
    /** HTTP status; 0 when there was no answer. */
    readonly status: number,
    readonly title: string,
    readonly field?: string,
  ) {
    super(message);
    this.name = 'ApiProblem';
  }
}

export async function problemOf(response: Response): Promise<ApiProblem> {
  const said = (await response.json().catch(() => ({}))) as Problem & { message?: string | string[] };
  const title = said.title ?? (TITLES[response.status] || `The server answered ${response.status}`);
  // What an application's own guard or filter throws is in Nest's words.
  const detail = said.detail ?? (Array.isArray(said.message) ? said.message.join(', ') : said.message);
  return new ApiProblem(detail ?? HELP[response.status] ?? 'It gave no reason.', response.status, title, said.field);
}

/** What any thrown thing is for the reader. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem('Check that the application runs and can be reached.', 0, 'The server does not answer');
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

const TITLES: Record<number, string> = {
  401: 'You are not signed in',
  403: 'You may not do this',
  404: 'Not found',
  429: 'Too many requests',
};

const HELP: Record<number, string> = {
  401: 'Sign in to the application, then try again.',
  403: 'The application does not allow it for your account.',
  404: 'It may have been removed meanwhile.',
  429: 'Wait a moment, then try again.',
};
