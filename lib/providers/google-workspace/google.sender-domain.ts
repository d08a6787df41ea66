import type { ProviderDomain } from '../../transport/sender-identity.interface.js';

/** https://support.google.com/a/answer/33786 (SPF), https://support.google.com/a/answer/174124 (DKIM). */
export const GOOGLE_WORKSPACE_DOMAIN: ProviderDomain = {
  title: 'Google Workspace',
  page: 'https://support.google.com/a/answer/33786',
  spf: '_spf.google.com',
  // Unless another prefix was chosen when the key was made.
  dkim: { selectors: ['google'], where: 'Admin console, Apps, Google Workspace, Gmail, Authenticate email' },
  returnPath: { kind: 'given' },
};
