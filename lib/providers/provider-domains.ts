import type { ProviderDomain } from '../transport/sender-identity.interface.js';
import { GOOGLE_WORKSPACE_DOMAIN } from './google-workspace/google.sender-domain.js';
import { MAILGUN_DOMAIN } from './mailgun/mailgun.sender-domain.js';
import { POSTMARK_DOMAIN } from './postmark/postmark.sender-domain.js';
import { RESEND_DOMAIN } from './resend/resend.sender-domain.js';
import { SENDGRID_DOMAIN } from './sendgrid/sendgrid.sender-domain.js';
import { SES_DOMAIN } from './ses/ses.sender-domain.js';

/**
 * What the providers want in their users' DNS: a line each. SendStreak is not here: it sends through a server that its user configures
 * there, and says nothing of the DNS.
 */
export const PROVIDER_DOMAINS = {
  ses: SES_DOMAIN,
  'google-workspace': GOOGLE_WORKSPACE_DOMAIN,
  postmark: POSTMARK_DOMAIN,
  mailgun: MAILGUN_DOMAIN,
  resend: RESEND_DOMAIN,
  sendgrid: SENDGRID_DOMAIN,
} as const satisfies Readonly<Record<string, ProviderDomain>>;

export type ProviderName = keyof typeof PROVIDER_DOMAINS;
