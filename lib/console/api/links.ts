import { type ConsoleRequest, jsonOf, textsOf } from '../http/console-request.js';
import type { ConsoleRoutes } from '../http/console-routes.js';
import { type CheckedLink, checkLink, type CheckLinkOptions } from '../links/check-link.js';

/** Whether links lead somewhere; only when the viewer asks. */
export function linkRoutes(options: CheckLinkOptions): ConsoleRoutes {
  let underWay = 0;
  const all = async (urls: readonly string[]): Promise<CheckedLink[]> => {
    const results: CheckedLink[] = [];
    const left = [...urls.entries()];
    const work = async (): Promise<void> => {
      for (let next = left.shift(); next; next = left.shift()) results[next[0]] = await checkLink(next[1], options);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return results;
  };
  return {
    'POST links': async (_relay, request: ConsoleRequest) => {
      const urls = textsOf((await jsonOf(request))['urls'], 'urls', MOST_URLS);
      if (underWay >= MOST_CHECKS) return { status: 429, json: TOO_MANY, headers: { 'Retry-After': '10' } };
      underWay++;
      try {
        return { json: await all(urls) };
      } finally {
        underWay--;
      }
    },
  };
}

const TOO_MANY = {
  type: 'about:blank',
  title: 'Too Many Requests',
  status: 429,
  detail: 'Links of other mails are being checked: try again in a moment',
};
const AT_ONCE = 5;
const MOST_URLS = 100;
const MOST_CHECKS = 3;
