import { MailError } from '../../errors/mail.error.js';
import type { HttpAnswer } from '../../transport/http/http-answer.js';
import { refused, shortened, unreadable } from '../../transport/http/http-failures.js';
import { HttpError } from '../../transport/http/http.error.js';
import { retryAfter } from '../../transport/http/retry-after.js';
import { sesVerdict } from './ses-errors.js';
import type { SesExchange } from './ses-exchange.js';

/**
 * Why a call failed.
 *
 * @param error what the SDK threw
 */
export function sesFailure(error: unknown, exchange: SesExchange): MailError {
  if (exchange.failure !== undefined) return lostRequest(exchange.failure);
  return exchange.answer ? refusal(exchange.answer, exchange) : unsent(error);
}

function refusal(answer: HttpAnswer, exchange: SesExchange): HttpError {
  const { message, Message, __type, code } = (answer.json ?? {}) as Readonly<Record<string, unknown>>;
  const type = errorType(answer.headers['x-amzn-errortype'] ?? __type ?? code);
  if (type === undefined || answer.status < 300) return unreadable(answer);
  const words = exchange.redact(String(message ?? Message ?? ''));
  const verdict = sesVerdict(type, words);
  const wait = retryAfter(answer.headers);
  return refused(answer, `${type}: ${words}`, {
    code: type,
    ...verdict,
    ...(wait !== undefined && { retryAfter: wait }),
  });
}

/** `com.amazonaws.sesv2#MessageRejected:http://...` is MessageRejected: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html */
function errorType(type: unknown): string | undefined {
  return typeof type === 'string' ? /^(?:[^#:]*#)?(\w+)/.exec(type)?.[1] : undefined;
}

function lostRequest(failure: unknown): MailError {
  if (!(failure instanceof HttpError) || failure.code !== 'ENOTFOUND') return failure as MailError;
  return new HttpError(`${failure.message}. Is there SES in this region?`, {
    scope: 'transport',
    code: failure.code,
    reason: 'configuration',
    cause: failure,
  });
}

/** It failed before there was a request: no region, no credentials, or those who give them refused. */
function unsent(error: unknown): MailError {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (/region/i.test(message) && name !== 'CredentialsProviderError') {
    return new MailError(`SES: ${shortened(message)}. Give \`region\`, or set AWS_REGION`, {
      code: name,
      reason: 'configuration',
    });
  }
  return new MailError(`SES: no credentials: ${shortened(message)}`, {
    code: name,
    reason: 'credentials',
    ...sesVerdict(name, message),
  });
}
