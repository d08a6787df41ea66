import type { MailErrorDetails } from '../../errors/mail.error.js';
import { httpVerdict } from '../http-verdict.js';
import type { HttpAnswer } from './http-answer.js';
import { HttpError } from './http.error.js';
import { retryAfter } from './retry-after.js';

/**
 * The API refused, or could not. Means what the status means, unless `verdict` says otherwise.
 *
 * @param words the API's own
 */
export function refused(answer: HttpAnswer, words: string, verdict: MailErrorDetails = {}): HttpError {
  const { host, status, headers } = answer;
  const wait = retryAfter(headers);
  return new HttpError(`${host} answered ${status}: ${shortened(words) || 'no words'}`, {
    ...httpVerdict(status),
    ...(wait !== undefined && { retryAfter: wait }),
    ...verdict,
    status,
  });
}

/**
 * An answer that is not of the API: a page of a proxy, half a text, too much of it. The mail is fine; whether it was taken is unknown
 * where the status says yes.
 */
export function unreadable(answer: HttpAnswer, verdict: MailErrorDetails = {}): HttpError {
  const { host, status, headers, complete, text } = answer;
  const known = httpVerdict(status);
  const wait = retryAfter(headers);
  const type = headers['content-type']?.replace(/;.*/s, '').slice(0, 60) ?? 'no content type';
  const size = `${complete ? '' : 'cut off after '}${Buffer.byteLength(text)} bytes`;
  return new HttpError(`${host} answered ${status} with what is no answer of its API (${type}, ${size})`, {
    ...(status === TOO_LARGE ? known : { ...known, scope: 'transport', permanent: false }),
    ambiguous: status < 300 || known.ambiguous === true,
    code: 'EBADANSWER',
    ...(wait !== undefined && { retryAfter: wait }),
    ...verdict,
    status,
  });
}

/** A redirection, which is never followed: it would carry the token to somebody else. */
export function redirected({ host, status, headers }: HttpAnswer): HttpError {
  const target = headers.location ?? '';
  const where = URL.canParse(target, `https://${host}`) ? ` to ${new URL(target, `https://${host}`).host}` : '';
  return new HttpError(`${host} answered ${status}, a redirection${where}; it is not followed. Is \`baseUrl\` right?`, {
    scope: 'transport',
    // Only "See Other" says that the request was dealt with: RFC 9110 section 15.4.4.
    ambiguous: status === SEE_OTHER,
    code: 'EREDIRECT',
    status,
  });
}

/** The connection could not be made, or broke. Once the whole request is out, nobody knows whether it was taken. */
export function lost(host: string, sent: boolean, error: Error): HttpError {
  const { code, message } = reasonOf(error);
  return new HttpError(
    `${host} ${sent ? 'was lost before its answer' : 'could not be reached'}: ${shortened(message)}`,
    {
      scope: 'transport',
      ambiguous: sent,
      ...(code !== undefined && { code }),
    },
  );
}

/** No answer in time, in milliseconds. */
export function timedOut(host: string, sent: boolean, after: number): HttpError {
  const what = sent ? 'did not answer' : 'did not take the request';
  return new HttpError(`${host} ${what} within ${after / 1000} s`, {
    scope: 'transport',
    ambiguous: sent,
    code: 'ETIMEDOUT',
  });
}

/** The caller's signal was aborted before the request was out. */
export function givenUp(host: string, cause: unknown): HttpError {
  return new HttpError(`The message was not given to ${host}: the attempt was aborted before`, {
    scope: 'transport',
    code: 'ABORT_ERR',
    cause,
  });
}

/** `close()` was called before. */
export function closed(host: string): HttpError {
  return new HttpError(`The message was not given to ${host}: the transport is closed`, { code: 'ECLOSED' });
}

/** A provider's words as they fit into an error. */
export function shortened(words: string): string {
  return words.replace(/\s+/g, ' ').trim().slice(0, LONGEST);
}

const LONGEST = 500;
const TOO_LARGE = 413;
const SEE_OTHER = 303;

/** A host of several addresses gives an error without words, made of one for each address. */
function reasonOf(error: Error): { code?: string; message: string } {
  const first = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined;
  const { code, message } = (first ?? error) as NodeJS.ErrnoException;
  return { ...(code !== undefined && { code }), message };
}
