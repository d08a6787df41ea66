import { Resolver } from 'node:dns/promises';
import { createRequire } from 'node:module';

// mailauth has no types of its own.
const require = createRequire(import.meta.url);
const { spf } = require('mailauth/lib/spf') as { spf(options: object): Promise<{ status: { result: string } }> };
const { dmarc } = require('mailauth/lib/dmarc') as { dmarc(options: object): Promise<MailauthDmarc> };

export interface MailauthDmarc {
  readonly status: { readonly result: string };
  readonly policy?: string;
  readonly domain: string;
}

/** Another implementation of what receivers do, which asks the same DNS. */
export function mailauth(server: string) {
  const dns = new Resolver({ timeout: 2_000, tries: 1 });
  dns.setServers([server]);
  const resolver = (name: string, type: string) => dns.resolve(name, type);
  return {
    spf: async (query: { ip: string; sender: string; helo: string }) =>
      (await spf({ ...query, mta: 'mx.receiver.test', resolver })).status.result,
    dmarc: (query: { headerFrom: string; spfDomains: object[]; dkimDomains: object[] }) =>
      dmarc({ ...query, resolver }),
  };
}
