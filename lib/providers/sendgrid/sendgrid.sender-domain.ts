import type { ProviderDomain } from '../../transport/sender-identity.interface.js';

/**
 * https://www.twilio.com/docs/sendgrid/ui/account-and-settings/how-to-set-up-domain-authentication: with "automated security", two DKIM
 * selectors and a return path (`em1234`) that are CNAMEs to names of the account's own.
 */
export const SENDGRID_DOMAIN: ProviderDomain = {
  title: 'SendGrid',
  page: 'https://www.twilio.com/docs/sendgrid/ui/account-and-settings/how-to-set-up-domain-authentication',
  spf: 'sendgrid.net',
  dkim: {
    selectors: ['s1', 's2'],
    where: 'Settings, Sender Authentication, the domain: s1._domainkey and s2._domainkey',
  },
  returnPath: { kind: 'own', domain: 'sendgrid.net' },
};
