import type { ProviderDomain } from '../../transport/sender-identity.interface.js';

/**
 * SES replaces the return path, by one beneath amazonses.com or by the custom MAIL FROM domain, which needs an MX record and an SPF record:
 * https://docs.aws.amazon.com/ses/latest/dg/mail-from.html, https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
 */
export const SES_DOMAIN: ProviderDomain = {
  title: 'Amazon SES',
  page: 'https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html',
  spf: 'amazonses.com',
  // Easy DKIM: three CNAMEs to <token>.dkim.amazonses.com.
  dkim: { selectors: [], where: 'SES console, Identities, the domain, DKIM: <token>._domainkey, three of them' },
  returnPath: {
    kind: 'own',
    domain: 'amazonses.com',
    record: (name, region) =>
      region === undefined || region.startsWith('cn-')
        ? undefined
        : { name, type: 'MX', value: `10 feedback-smtp.${region}.amazonses.com.` },
  },
};
