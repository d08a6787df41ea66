import type { ServerResponse } from 'node:http';
import type { RelayAccess } from '../relay-access.js';
import type { ConsoleAnswer } from './console-answer.js';
import type { ConsoleRequest } from './console-request.js';

/** Answers, or has written the answer itself and gives nothing. */
export type ConsoleHandler = (
  relay: RelayAccess,
  request: ConsoleRequest,
  response: ServerResponse,
) => Promise<ConsoleAnswer | undefined>;

/** By method and path; `:` stands for a part that is left open: `'GET mails/:/content'`. */
export type ConsoleRoutes = Readonly<Record<string, ConsoleHandler>>;

/** The handler of a path, and what stands in the parts left open; `'method'` where only the method is wrong. */
export function routeOf(
  routes: ConsoleRoutes,
  method: string,
  path: string,
): { handler: ConsoleHandler; parts: string[] } | 'method' | undefined {
  const given = path.split('/');
  let other = false;
  for (const [route, handler] of Object.entries(routes)) {
    const [own, pattern = ''] = route.split(' ');
    const parts = partsOf(pattern.split('/'), given);
    if (!parts) continue;
    if (own === method) return { handler, parts };
    other = true;
  }
  return other ? 'method' : undefined;
}

function partsOf(pattern: readonly string[], given: readonly string[]): string[] | undefined {
  if (pattern.length !== given.length) return undefined;
  const parts: string[] = [];
  for (const [index, part] of pattern.entries()) {
    if (part === ':') parts.push(decoded(given[index]!));
    else if (part !== given[index]) return undefined;
  }
  return parts.every((part) => part !== '') ? parts : undefined;
}

/** What cannot be decoded is as nothing. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
