import type { MailStatus } from '../../mail-status.js';
import type { ProblemDetails } from './problem-details.js';

/** What is shown of a mail: all but what providers' webhooks looked like. */
export function statusJson({ events, ...status }: MailStatus): object {
  return { ...status, events: events.map(({ raw: _raw, ...event }) => event) };
}

/** One message of an array. */
export type ApiItem =
  { readonly status: number; readonly result: object } | { readonly status: number; readonly error: ProblemDetails };
