import type { IncomingMessage, ServerResponse } from 'node:http';
import { beginAnswer } from '../../http/begin-answer.js';
import type { ApiAnswer } from './message-actions.js';

/** Writes an answer as JSON that no browser may keep, sniff or embed. */
export async function writeAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body, headers = {} }: ApiAnswer,
): Promise<void> {
  if (!(await beginAnswer(request, response))) return;
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    'Content-Type': status >= 400 ? 'application/problem+json' : 'application/json',
    'Content-Length': text.length,
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

/** OWASP's list for REST: https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers */
const SECURITY_HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const;
