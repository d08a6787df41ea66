import type { ProviderDomain } from '../../transport/sender-identity.interface.js';

/**
 * SPF is about Postmark's own return path, unless a custom one is set up:
 * https://postmarkapp.com/support/article/1046-how-do-i-verify-a-domain
 */
export const POSTMARK_DOMAIN: ProviderDomain = {
  title: 'Postmark',
  page: 'https://postmarkapp.com/support/article/1046-how-do-i-verify-a-domain',
  spf: 'spf.mtasv.net',
  // By date: `20260301123456pm`; another one at each rotation.
  dkim: { selectors: [], where: 'Sender Signatures, the domain, DNS Settings: <date>pm._domainkey' },
  returnPath: {
    kind: 'own',
    domain: 'pm.mtasv.net',
    record: (name) => ({ name, type: 'CNAME', value: 'pm.mtasv.net.' }),
  },
};
