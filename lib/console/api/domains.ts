import type { ModuleRef } from '@nestjs/core';
import { getSenderDomainsToken } from '../../relay.tokens.js';
import type { SenderDomains } from '../../sender-domain/sender-domains.js';
import { ConsoleRejectedError } from '../http/console-rejected.error.js';
import type { ConsoleRoutes } from '../http/console-routes.js';
import type { RelayAccess } from '../relay-access.js';

/** The domains that mails are sent from, and what the DNS says of them. */
export function domainRoutes(modules: ModuleRef): ConsoleRoutes {
  const running = new Map<string, Promise<unknown>>();
  const checksOf = ({ name }: RelayAccess): SenderDomains =>
    modules.get<SenderDomains>(getSenderDomainsToken(name), { strict: false });
  return {
    'GET domains': async (relay) => ({ json: { domains: domainsOf(relay, checksOf(relay).domain) } }),
    'GET domains/:': async (relay, { parts }) => {
      const domain = parts[0]!.toLowerCase();
      if (domain.length > 253 || /[\s/:@]/.test(domain)) throw new ConsoleRejectedError(422, 'It is no domain', 'name');
      const key = `${relay.name}/${domain}`;
      // Two at once of one domain are one.
      let check = running.get(key);
      if (!check) {
        check = checksOf(relay)
          .check(domain)
          .finally(() => running.delete(key));
        running.set(key, check);
      }
      return { json: await check };
    },
  };
}

/** That of `from`, and of the return path. */
function domainsOf({ configuration }: RelayAccess, own: string | undefined): string[] {
  const { from, returnPath } = configuration.defaults;
  const domain = from?.address.slice(from.address.lastIndexOf('@') + 1);
  return [...new Set([domain, own, returnPath?.domain].flatMap((one) => one ?? []))];
}
