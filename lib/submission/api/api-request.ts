import type { IncomingMessage } from 'node:http';
import { toMilliseconds } from '../../duration.js';
import { parseJson } from '../../http/parse-json.js';
import { readBody } from '../../http/read-body.js';
import { ApiRejectedError } from './api-rejected.error.js';
import { LONGEST_KEY } from './client-limits.js';

/** What stands behind `Authorization: Bearer` (RFC 6750 section 2.1); undefined for anything else. */
export function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^bearer +([\w.~+/-]{1,4096}={0,2}) *$/i.exec((headers.authorization ?? '').slice(0, 5_000))?.[1];
}

/**
 * The header `Idempotency-Key`: a structured string, as the IETF's draft has it (draft-ietf-httpapi-idempotency-key-header), or the bare
 * text that most clients send.
 *
 * @throws ApiRejectedError 400
 */
export function idempotencyKeyOf({ headers }: IncomingMessage): string | undefined {
  const header = headers['idempotency-key'];
  if (header === undefined) return undefined;
  const text = String(header).trim();
  const key = /^"([\x20-\x21\x23-\x5b\x5d-\x7e]*)"$/.exec(text)?.[1] ?? text;
  if (key !== '' && key.length <= LONGEST_KEY - LONGEST_INDEX && /^[\x20-\x7e]+$/.test(key)) return key;
  throw new ApiRejectedError(
    400,
    'invalid-idempotency-key',
    `The header Idempotency-Key has 1 to ${LONGEST_KEY - LONGEST_INDEX} characters of ASCII`,
  );
}

/** `#<index>` goes behind it for the messages of an array. */
const LONGEST_INDEX = 9;

/**
 * `?wait=10s`, in milliseconds.
 *
 * @param most milliseconds
 * @throws ApiRejectedError 400
 */
export function waitOf({ url = '' }: IncomingMessage, most: number): number | undefined {
  const mark = url.indexOf('?');
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
  for (const name of query.keys())
    if (name !== 'wait')
      throw new ApiRejectedError(400, 'invalid-query', `${name.slice(0, 100)} is no parameter; known is wait`, {
        field: name.slice(0, 100),
      });
  const wait = query.get('wait');
  if (wait === null) return undefined;
  try {
    const milliseconds = toMilliseconds(wait as '1s', 'wait');
    if (milliseconds <= most) return milliseconds;
  } catch {
    // Told below.
  }
  throw new ApiRejectedError(400, 'invalid-query', `wait is a time of at most ${most / 1_000}s, such as 10s`, {
    field: 'wait',
  });
}

export interface JsonBodyLimits {
  /** Bytes. */
  readonly maxBody: number;
  /** Milliseconds. */
  readonly bodyTimeout: number;
}

/** @throws ApiRejectedError 400, 408, 413, 415 */
export async function jsonBodyOf(request: IncomingMessage, { maxBody, bodyTimeout }: JsonBodyLimits): Promise<unknown> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity')
    // RFC 9110 section 15.5.16.
    throw new ApiRejectedError(415, 'unsupported-encoding', 'The body is compressed; send it as it is', {
      headers: { 'Accept-Encoding': 'identity' },
    });
  const [type = '', parameters = ''] = (request.headers['content-type'] ?? '').toLowerCase().split(';', 2);
  const charset = /charset *= *"?([\w-]+)/.exec(parameters.slice(0, 100))?.[1] ?? 'utf-8';
  if (type.trim() !== 'application/json' || !['utf-8', 'utf8', 'us-ascii'].includes(charset))
    throw new ApiRejectedError(415, 'unsupported-type', 'The body is application/json in UTF-8', {
      headers: { Accept: 'application/json' },
    });
  const body = await readBody(request, {
    most: maxBody,
    time: bodyTimeout,
    reject: (status, why) => new ApiRejectedError(status, BODY_CODES[status] ?? 'invalid-body', sentence(why)),
  });
  return parseJson(body, {
    depth: DEEPEST,
    values: MOST_VALUES,
    reject: (status, why) => new ApiRejectedError(status, 'invalid-json', sentence(why)),
  });
}

const BODY_CODES: Readonly<Record<number, string>> = { 408: 'body-timeout', 413: 'too-large' };

/** Deeper than any context of a template. */
const DEEPEST = 50;
/** A million addresses are what a thousand mails may have. */
const MOST_VALUES = 1_000_000;

function sentence(why: string): string {
  return `${why.charAt(0).toUpperCase()}${why.slice(1)}`.replace(/^Its /, 'The request: its ');
}
