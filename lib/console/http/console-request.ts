import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FrameworkRequest } from '../../http/mount-handler.js';
import { parseJson } from '../../http/parse-json.js';
import { readBody } from '../../http/read-body.js';
import { ConsoleRejectedError } from './console-rejected.error.js';

/** What an endpoint is asked. */
export interface ConsoleRequest {
  readonly raw: IncomingMessage;
  /** The parts of the path that the endpoint's pattern leaves open, decoded. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly framework: FrameworkRequest;
}

/** A JSON object. @throws ConsoleRejectedError */
export async function jsonOf({ raw, framework }: ConsoleRequest): Promise<Record<string, unknown>> {
  checkType(raw, 'application/json');
  const parsed = (framework.request as { body?: unknown }).body;
  // Express' own parser may have been there before.
  const value =
    raw.complete && parsed !== undefined
      ? parsed
      : parseJson(await readBody(raw, { most: MOST_JSON, time: BODY_TIME, reject }), {
          depth: 8,
          values: 20_000,
          reject,
        });
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw reject(400, 'The body is no JSON object');
}

/** A CSV, as it comes. @throws ConsoleRejectedError */
export function csvOf({ raw, framework }: ConsoleRequest): Readable {
  checkType(raw, 'text/csv');
  const { body } = framework.request as { body?: unknown };
  if (raw.complete && (typeof body === 'string' || body instanceof Uint8Array))
    return Readable.from([Buffer.from(body)]);
  let size = 0;
  return raw.compose(async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > MOST_CSV) throw reject(413, `The file is longer than ${MOST_CSV} bytes`);
      yield chunk;
    }
  }) as Readable;
}

/** 1 to 200. @throws ConsoleRejectedError */
export function limitOf(query: URLSearchParams): number {
  const limit = Number(query.get('limit') ?? DEFAULT_LIMIT);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_LIMIT) return limit;
  throw new ConsoleRejectedError(422, `limit is a whole number from 1 to ${MOST_LIMIT}`, 'limit');
}

/** A parameter, where it is there and not empty. @throws ConsoleRejectedError */
export function wordOf(query: URLSearchParams, name: string): string | undefined {
  const word = query.get(name)?.trim();
  if (!word) return undefined;
  if (word.length > LONGEST_WORD) throw new ConsoleRejectedError(422, `${name} is too long`, name);
  return word;
}

/** Ids of mails. @throws ConsoleRejectedError */
export function textsOf(value: unknown, field: string, most: number): string[] {
  const valid = Array.isArray(value) && value.every((one) => typeof one === 'string' && one.length <= LONGEST_TEXT);
  if (valid && value.length <= most) return [...new Set(value as string[])];
  throw new ConsoleRejectedError(422, `${field} is an array of at most ${most} texts`, field);
}

function checkType({ headers }: IncomingMessage, type: string): void {
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity')
    throw reject(415, 'The body is compressed');
  if (headers['content-type']?.split(';', 1)[0]!.trim().toLowerCase() !== type)
    throw reject(415, `The content-type is ${type}`);
}

function reject(status: number, why: string): ConsoleRejectedError {
  return new ConsoleRejectedError(status, why);
}

const DEFAULT_LIMIT = 50;
const MOST_LIMIT = 200;
const LONGEST_WORD = 500;
const LONGEST_TEXT = 4_000;
/** Bytes. */
const MOST_JSON = 1024 * 1024;
const MOST_CSV = 256 * 1024 * 1024;
/** Milliseconds. */
const BODY_TIME = 15_000;
