import { STATUS_CODES } from 'node:http';
import { MailError } from '../../errors/mail.error.js';
import { MailMessageError } from '../../errors/mail-message.error.js';
import { MailTemplateError } from '../../errors/mail-template.error.js';
import { QueueUnavailableError } from '../../errors/queue-unavailable.error.js';
import { UnsupportedFeatureError } from '../../errors/unsupported-feature.error.js';
import { ApiRejectedError } from './api-rejected.error.js';

/** RFC 9457. What is special about a problem says its `code`; its type is the status itself (section 4.2.1). */
export interface ProblemDetails {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** Where in the message: `to[1]`, `attachments[0].path`. */
  readonly field?: string;
  readonly template?: string;
  readonly line?: number;
  readonly column?: number;
  readonly variable?: string;
  readonly feature?: string;
  readonly transport?: string;
  readonly stored?: false | 'unknown';
}

export interface Problem {
  readonly details: ProblemDetails;
  readonly headers: Readonly<Record<string, string>>;
  /** The client has done nothing wrong: its error goes to the log. */
  readonly isOurs: boolean;
}

/** What is told to a client of an error; of one that nobody foresaw, nothing. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiRejectedError) {
    const { status, code, message, field, headers } = error;
    return problem(status, code, message, { ...(field !== undefined && { field }) }, headers);
  }
  if (error instanceof MailMessageError) {
    const { field, message } = error;
    return problem(422, 'invalid-message', forClients(message, field), { field });
  }
  if (error instanceof MailTemplateError) {
    const { template, line, column, variable } = error;
    return problem(422, 'template', forClients(error.message, template), defined({ template, line, column, variable }));
  }
  if (error instanceof UnsupportedFeatureError) {
    const { feature, transport } = error;
    return problem(422, 'unsupported-feature', error.message, { feature, transport });
  }
  if (error instanceof QueueUnavailableError) {
    const words =
      error.stored === false
        ? 'The queue cannot be reached; nothing was stored'
        : 'The queue cannot be reached; the same request with the same Idempotency-Key is safe';
    return { ...problem(503, 'queue-unavailable', words, { stored: error.stored }, RETRY), isOurs: true };
  }
  if (error instanceof MailError && error.permanent && error.scope === 'message')
    return problem(422, 'invalid-message', error.message);
  return { ...problem(500, 'internal', 'The request could not be handled'), isOurs: true };
}

/** Words that tell how to mend the application's code are of no use to its clients. */
function forClients(message: string, place: string): string {
  if (!OF_CODE.test(message)) return message;
  const [, words] = FOR_CLIENTS.find(([said]) => message.includes(said)) ?? [];
  return `${place}: ${words ?? 'cannot be as it is here'}`;
}

const OF_CODE = /\b(?:RelayModule|send(?:Many|Now|Raw)?\()|@Mail\b/;

/** By what stands in the message. */
const FOR_CLIENTS: readonly (readonly [string, string])[] = [
  ['has one recipient', 'the link is its one recipient’s own: send one message to each, or "unsubscribe": false'],
  [
    'recipients at most',
    'each recipient gets a copy of a tracked message: send one message to each, or "track": false',
  ],
  ['no templates are configured', 'this relay has no templates'],
  ['unsubscribe:', 'this relay gives no links for unsubscribing'],
  ['tracking:', 'this relay does not track'],
  ['is missing', 'is missing, and the relay has no default for it'],
  ['has none', 'is missing'],
];

/** Seconds. */
export const RETRY = { 'Retry-After': '30' } as const;

type More = Omit<ProblemDetails, 'type' | 'title' | 'status' | 'code' | 'detail'>;

function problem(
  status: number,
  code: string,
  detail: string,
  more: More = {},
  headers: Readonly<Record<string, string>> = {},
): Problem {
  const details = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    detail,
    ...more,
  } as const;
  return { details, headers, isOurs: false };
}

function defined(more: { [K in keyof More]: More[K] | undefined }): More {
  return Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined));
}
