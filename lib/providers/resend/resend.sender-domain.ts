import type { ProviderDomain } from '../../transport/sender-identity.interface.js';

/** https://resend.com/docs/dashboard/domains/introduction; it sends through Amazon SES. */
export const RESEND_DOMAIN: ProviderDomain = {
  title: 'Resend',
  page: 'https://resend.com/docs/dashboard/domains/introduction',
  spf: 'amazonses.com',
  dkim: { selectors: ['resend'], where: 'Domains, the domain: resend._domainkey' },
  returnPath: {
    kind: 'beneath',
    label: 'send',
    record: (name, region) =>
      region === undefined ? undefined : { name, type: 'MX', value: `10 feedback-smtp.${region}.amazonses.com.` },
  },
};
