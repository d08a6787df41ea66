import type { ProviderDomain } from '../../transport/sender-identity.interface.js';

/** https://documentation.mailgun.com/docs/mailgun/user-manual/domains/domains-verify: all of it is about the sending domain. */
export const MAILGUN_DOMAIN: ProviderDomain = {
  title: 'Mailgun',
  page: 'https://documentation.mailgun.com/docs/mailgun/user-manual/domains/domains-verify',
  spf: 'mailgun.org',
  dkim: { selectors: [], where: 'Sending, Domain settings, DNS records: <selector>._domainkey' },
  // Of two: mxa and mxb.
  returnPath: {
    kind: 'sending-domain',
    record: (name, region) => ({ name, type: 'MX', value: `10 mxa.${region === 'eu' ? 'eu.' : ''}mailgun.org.` }),
  },
};
