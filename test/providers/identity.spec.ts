import { expect, it } from 'vitest';
import { type MailTransport, PROVIDER_DOMAINS, transportFromUrl } from '../../lib/index.js';

const { ses, 'google-workspace': google, postmark, mailgun } = PROVIDER_DOMAINS;

it.each([
  ['ses+api://KEY:SECRET@default?region=eu-west-1', { provider: ses, region: 'eu-west-1' }],
  ['ses+smtp://USER:PASSWORD@default?region=eu-west-1', { provider: ses, region: 'eu-west-1' }],
  ['google-workspace://relay?name=acme.test', { provider: google }],
  ['postmark+api://TOKEN@default', { provider: postmark }],
  ['postmark+smtp://TOKEN@default', { provider: postmark }],
  ['mailgun+api://KEY@mg.acme.test?region=eu', { provider: mailgun, domain: 'mg.acme.test', region: 'eu' }],
  ['mailgun+smtp://USER:PASS@mg.acme.test?region=eu', { provider: mailgun, domain: 'mg.acme.test', region: 'eu' }],
])('a transport says through whom and from where its mails leave: %s', async (url, identity) => {
  const transport: MailTransport = transportFromUrl(url, 'transport');
  expect(transport.identity!()).toMatchObject(identity);
  await transport.close?.();
});
