import type { IncomingHttpHeaders } from 'node:http';
import { type HttpAnswer, LONGEST_ANSWER } from '../../transport/http/http-answer.js';
import { lost, redirected } from '../../transport/http/http-failures.js';
import { neverLeft } from '../../transport/foreign-error.js';
import type { Forward, SignedRequest } from './ses-exchange.js';

/**
 * Sends with a client of the application's own. How far it had come when it fails is told by its error only: what need not have happened
 * before the request had left counts as ambiguous.
 *
 * @throws HttpError
 */
export async function forwardRequest(_request: SignedRequest, host: string, forward: Forward): Promise<HttpAnswer> {
  let response: ForeignResponse;
  try {
    response = (await forward()).response as ForeignResponse;
  } catch (error) {
    throw lost(host, !neverLeft(error), error as Error);
  }
  const answer = await foreignAnswer(response, host);
  if (answer.status >= 300 && answer.status < 400) throw redirected(answer);
  return answer;
}

/** `HttpResponse` of the SDK. */
interface ForeignResponse {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
}

async function foreignAnswer(
  { statusCode, headers, body = new Uint8Array() }: ForeignResponse,
  host: string,
): Promise<HttpAnswer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let complete = true;
  try {
    for await (const chunk of body instanceof Uint8Array ? [body] : body) {
      chunks.push(chunk);
      // Leaving the loop destroys the stream.
      if ((length += chunk.length) > LONGEST_ANSWER) break;
    }
    complete = length <= LONGEST_ANSWER;
  } catch {
    complete = false;
  }
  const text = Buffer.concat(chunks).toString('utf8', 0, LONGEST_ANSWER);
  const json = complete ? parsed(text) : undefined;
  return { host, status: statusCode, headers, text, ...(json !== undefined && { json }), complete };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
