import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ConsoleRejectedError } from './console-rejected.error.js';

/** The header in which the page says the token of its cookie: no other site can read that, or set a header. */
export const CSRF_HEADER = 'x-relay-csrf';
const COOKIE = 'relay-console';

/**
 * Refuses what another site has a browser do. Browsers say where a request comes from (Fetch Metadata, W3C); those that do not are told by
 * Origin (RFC 6454). @throws ConsoleRejectedError
 */
export function checkOrigin({ headers, method }: IncomingMessage): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) {
    if (site === 'same-origin' || site === 'none') return;
    // A link to the console, in a mail or a chat.
    if (headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document' && method === 'GET')
      return;
    throw new ConsoleRejectedError(403, 'The request comes from another site');
  }
  const { origin } = headers;
  if (origin !== undefined && !hostsOf(headers).includes(hostOf(origin)))
    throw new ConsoleRejectedError(403, 'The request comes from another site');
}

/** For what changes something: the token of the page's cookie, in a header. @throws ConsoleRejectedError */
export function checkToken({ headers }: IncomingMessage): void {
  const [given, own] = [headers[CSRF_HEADER], tokenIn(headers.cookie)];
  if (typeof given === 'string' && own !== undefined && areEqual(given, own)) return;
  throw new ConsoleRejectedError(403, `The header ${CSRF_HEADER} is missing, or is not the token of /api/session`);
}

/**
 * The token of a browser, and the cookie to set where it has none yet. It names no path: the browser keeps it for the folder that it has asked,
 * which a proxy in front may call otherwise (RFC 6265 section 5.1.4).
 */
export function tokenOf({ headers }: IncomingMessage): { token: string; cookie?: string } {
  const known = tokenIn(headers.cookie);
  if (known !== undefined) return { token: known };
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  return { token, cookie: `${COOKIE}=${token}; HttpOnly; SameSite=Strict` };
}

const TOKEN_BYTES = 32;
const TOKEN = /^[\w-]{43}$/;

function tokenIn(cookies: string | undefined): string | undefined {
  for (const cookie of (cookies ?? '').slice(0, 16_384).split(';')) {
    const [name = '', value = ''] = cookie.split('=', 2);
    if (name.trim() === COOKIE && TOKEN.test(value.trim())) return value.trim();
  }
  return undefined;
}

function areEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A proxy may ask by another name than the browser did. */
function hostsOf(headers: IncomingMessage['headers']): string[] {
  return [headers.host, headers['x-forwarded-host']].flat().flatMap((host) => host?.toLowerCase() ?? []);
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : '';
}
