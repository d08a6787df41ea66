import { ConsoleRejectedError } from '../http/console-rejected.error.js';
import { type ConsoleRequest, csvOf, jsonOf, limitOf, wordOf } from '../http/console-request.js';
import type { ConsoleRoutes } from '../http/console-routes.js';
import type { RelayAccess } from '../relay-access.js';

/** Whom never to write to. */
export const SUPPRESSION_ROUTES: ConsoleRoutes = {
  'GET suppressions': async (relay, { query }) => {
    const [search, cursor] = [wordOf(query, 'search'), wordOf(query, 'cursor')];
    const page = await listOf(relay).list({
      ...scopeIn(query),
      limit: limitOf(query),
      ...(search !== undefined && { search }),
      ...(cursor !== undefined && { cursor }),
    });
    return { json: page };
  },
  'POST suppressions': async (relay, request) => {
    const { address, reason = 'manual', expires, ...scope } = await jsonOf(request);
    await listOf(relay).add({
      address: textOf(address, 'address'),
      reason: textOf(reason, 'reason'),
      source: 'console',
      ...(expires !== undefined && expires !== null && { expires: dateOf(expires) }),
      ...scopeOf(scope),
    });
    return { status: 201, body: '' };
  },
  'DELETE suppressions': async (relay, request) => {
    const { address, ...scope } = await jsonOf(request);
    return { json: { removed: await listOf(relay).remove(textOf(address, 'address'), scopeOf(scope)) } };
  },
  'GET suppressions/export': async (relay, { query }) => ({
    headers: {
      'Content-Type': 'text/csv; charset=utf-8',
      'Content-Disposition': 'attachment; filename="suppressions.csv"',
    },
    body: listOf(relay).export(scopeIn(query)),
  }),
  'POST suppressions/import': async (relay, request) => ({ json: await listOf(relay).import(csvOf(request)) }),
};

function listOf({ runtime }: RelayAccess): RelayAccess['runtime']['feedback']['suppressions'] {
  return runtime.feedback.suppressions;
}

interface Scope {
  stream?: string;
  tenant?: string;
}

function scopeIn(query: ConsoleRequest['query']): Scope {
  const [stream, tenant] = [wordOf(query, 'stream'), wordOf(query, 'tenant')];
  return { ...(stream !== undefined && { stream }), ...(tenant !== undefined && { tenant }) };
}

function scopeOf({ stream, tenant, ...rest }: Record<string, unknown>): Scope {
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    throw new ConsoleRejectedError(422, `there is no field ${unknown.slice(0, 50)}`, unknown.slice(0, 50));
  return {
    ...(isGiven(stream) && { stream: textOf(stream, 'stream') }),
    ...(isGiven(tenant) && { tenant: textOf(tenant, 'tenant') }),
  };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function textOf(value: unknown, field: string): string {
  if (typeof value === 'string') return value;
  throw new ConsoleRejectedError(422, `${field} is a text`, field);
}

function dateOf(value: unknown): Date {
  const date = new Date(typeof value === 'string' ? value : Number.NaN);
  if (!Number.isNaN(date.getTime())) return date;
  throw new ConsoleRejectedError(422, 'expires is a time in ISO 8601', 'expires');
}
