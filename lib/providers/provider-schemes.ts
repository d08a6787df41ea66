import type { TransportScheme } from '../transport/transport-scheme.interface.js';
import { GOOGLE_SCHEMES } from './google-workspace/google-schemes.js';
import { MAILGUN_SCHEMES } from './mailgun/mailgun-schemes.js';
import { POSTMARK_SCHEMES } from './postmark/postmark-schemes.js';
import { SENDSTREAK_SCHEMES } from './sendstreak/sendstreak-schemes.js';
import { SES_SCHEMES } from './ses/ses-schemes.js';

/** The URL schemes of all providers: a line each. */
export const PROVIDER_SCHEMES: Readonly<Record<string, TransportScheme>> = {
  ...SES_SCHEMES,
  ...GOOGLE_SCHEMES,
  ...POSTMARK_SCHEMES,
  ...MAILGUN_SCHEMES,
  ...SENDSTREAK_SCHEMES,
};
