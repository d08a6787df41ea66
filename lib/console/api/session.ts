import { readFileSync } from 'node:fs';
import type { ConsoleRoutes } from '../http/console-routes.js';
import { tokenOf } from '../http/same-origin.js';
import { isLocalInbox } from '../view/local-inbox.js';

export interface SessionSettings {
  readonly readonly: boolean;
  readonly relays: () => readonly string[];
}

/** What the page must know first. */
export function sessionRoutes({ readonly, relays }: SessionSettings): ConsoleRoutes {
  return {
    'GET session': async (relay, { raw }) => {
      const { name, configuration, templates } = relay;
      const { token, cookie } = tokenOf(raw);
      const { history } = configuration;
      return {
        ...(cookie !== undefined && { headers: { 'Set-Cookie': cookie } }),
        json: {
          relay: name,
          relays: relays(),
          readonly,
          csrf: token,
          version: VERSION,
          environment: process.env.NODE_ENV ?? 'development',
          features: {
            content: history !== false && history.content !== false,
            previews: templates.engine !== undefined,
            tracking: configuration.tracking !== undefined,
            clear: isLocalInbox(relay),
          },
        },
      };
    },
  };
}

const VERSION = versionOf(new URL('../../../package.json', import.meta.url));

function versionOf(file: URL): string {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  } catch {
    // Bundled.
    return '';
  }
}
