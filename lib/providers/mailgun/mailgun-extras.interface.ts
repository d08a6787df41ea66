import type { MailMessage } from '../../mail/mail-message.interface.js';
import { type ExtraTypes, readExtras } from '../read-extras.js';

/** What only Mailgun understands: `provider: { mailgun: { tracking: false } }`. */
export interface MailgunExtras {
  /** Opens and clicks; default the domain's setting. */
  tracking?: boolean;
  trackingClicks?: 'yes' | 'no' | 'htmlonly';
  trackingOpens?: boolean;
  /** Taken, counted, and not delivered. */
  testMode?: boolean;
  /** Whether Mailgun signs with DKIM. */
  dkim?: boolean;
  /** Delivers over TLS or not at all. */
  requireTls?: boolean;
  /** Does not check the receiving server's certificate. */
  skipVerification?: boolean;
  sendingIp?: string;
  sendingIpPool?: string;
  /** A template stored at Mailgun, which takes the place of the HTML. */
  template?: string;
  templateVersion?: string;
  templateVariables?: Readonly<Record<string, unknown>>;
  /**
   * The values of `%recipient.name%` in subject and bodies. Everybody gets a message of their own with these values. `sendBatch` sends
   * messages that differ in nothing else in one call.
   */
  recipientVariables?: Readonly<Record<string, unknown>>;
}

declare module '../../mail/mail-options.interface.js' {
  interface ProviderExtras {
    mailgun?: MailgunExtras;
  }
}

/** @throws MailMessageError */
export function mailgunExtras(message: MailMessage): MailgunExtras {
  return readExtras<MailgunExtras>(message, 'mailgun', TYPES);
}

const TYPES: ExtraTypes<MailgunExtras> = {
  tracking: 'boolean',
  trackingClicks: ['yes', 'no', 'htmlonly'],
  trackingOpens: 'boolean',
  testMode: 'boolean',
  dkim: 'boolean',
  requireTls: 'boolean',
  skipVerification: 'boolean',
  sendingIp: 'text',
  sendingIpPool: 'text',
  template: 'text',
  templateVersion: 'text',
  templateVariables: 'object',
  recipientVariables: 'object',
};
