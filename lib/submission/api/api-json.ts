import { basename, isAbsolute } from 'node:path';
import type { MailStatus } from '../../mail-status.js';
import type { ProblemDetails } from './problem-details.js';

/** What is shown of a mail: all but what providers' webhooks looked like, and where files of the server are. */
export function statusJson({ events, attempts, ...status }: MailStatus): object {
  return {
    ...status,
    attempts: attempts.map((attempt) => ({ ...attempt, outcome: withoutFolder(attempt.outcome) })),
    events: events.map(({ raw: _raw, ...event }) => event),
  };
}

/** Transports that write files give the path of one. */
function withoutFolder(outcome: string): string {
  return isAbsolute(outcome) ? basename(outcome) : outcome;
}

/** One message of an array. */
export type ApiItem =
  { readonly status: number; readonly result: object } | { readonly status: number; readonly error: ProblemDetails };
