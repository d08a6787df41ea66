import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { beginAnswer } from '../../http/begin-answer.js';

/** What a request is answered with. */
export interface ConsoleAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON. */
  readonly json?: unknown;
  readonly body?: string | Uint8Array | Readable;
}

/** OWASP's list, https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html; an answer's own headers win. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  // A name that is looked up tells whose it is that somebody reads a mail with it.
  'X-DNS-Prefetch-Control': 'off',
  'X-Frame-Options': 'DENY',
};

/** Writes an answer; what the application's own middleware has put into the header gives way. */
export async function writeAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: ConsoleAnswer,
): Promise<void> {
  if (!(await beginAnswer(request, response))) return;
  const body = bodyOf(answer);
  for (const [name, value] of Object.entries({ ...SECURITY_HEADERS, ...typeOf(answer), ...answer.headers }))
    if (value === '') response.removeHeader(name);
    else response.setHeader(name, value);
  response.statusCode = answer.status ?? (body === undefined ? 204 : 200);
  if (body instanceof Readable) {
    if (request.method === 'HEAD') response.end();
    else await pipeline(body, response).catch(() => response.destroy());
    return;
  }
  if (body !== undefined) response.setHeader('Content-Length', body.length);
  response.end(request.method === 'HEAD' ? undefined : body);
}

function bodyOf({ json, body }: ConsoleAnswer): Buffer | Readable | undefined {
  if (body instanceof Readable) return body;
  if (body !== undefined) return Buffer.from(body as string);
  return json === undefined ? undefined : Buffer.from(JSON.stringify(json));
}

function typeOf({ json, status = 200 }: ConsoleAnswer): Record<string, string> {
  if (json === undefined) return {};
  return { 'Content-Type': status >= 400 ? 'application/problem+json' : 'application/json; charset=utf-8' };
}
