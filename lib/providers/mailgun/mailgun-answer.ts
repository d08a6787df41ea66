import type { HttpAnswer } from '../../transport/http/http-answer.js';
import { refused, shortened, unreadable } from '../../transport/http/http-failures.js';
import type { HttpError } from '../../transport/http/http.error.js';
import type { TransportResult } from '../../transport/mail-transport.js';
import { mailgunVerdict, waitInWords } from './mailgun-errors.js';

/** What an answer means. @throws HttpError */
export function mailgunResult(answer: HttpAnswer): TransportResult {
  const { id, message } = bodyOf(answer);
  if (answer.status >= 300) throw mailgunFailure(answer);
  if (typeof id === 'string' && id !== '')
    return { providerMessageId: id, ...(typeof message === 'string' && { response: shortened(message) }) };
  // What Mailgun says to a path that it does not know, with a 200.
  const lost = /Mailgun Magnificent API/i.test(answer.text);
  throw unreadable(answer, lost ? { ambiguous: false, reason: 'configuration' } : {});
}

/** Why a request failed: in JSON, or as a bare word ("Forbidden"), but never so where it is the message's fault. */
export function mailgunFailure(answer: HttpAnswer): HttpError {
  const { status, text } = answer;
  const { message } = bodyOf(answer);
  const bare = status !== 400 && text.length <= 200 && !text.includes('<') ? text : undefined;
  const words = typeof message === 'string' ? message : bare;
  if (words === undefined || words === '') {
    const verdict = status >= 500 ? mailgunVerdict(status, '') : {};
    return unreadable(answer, verdict);
  }
  const wait = waitInWords(words);
  return refused(answer, words, { ...mailgunVerdict(status, words), ...(wait !== undefined && { retryAfter: wait }) });
}

function bodyOf({ json }: HttpAnswer): { id?: unknown; message?: unknown } {
  return typeof json === 'object' && json !== null ? json : {};
}
