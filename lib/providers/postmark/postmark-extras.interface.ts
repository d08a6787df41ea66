import type { MailMessage } from '../../mail/mail-message.interface.js';
import { type ExtraTypes, readExtras } from '../read-extras.js';

/** What only Postmark understands: `provider: { postmark: { trackOpens: true } }`. */
export interface PostmarkExtras {
  /** The ID of a message stream, instead of the transport's. */
  messageStream?: string;
  /** Default the setting of the Postmark server. https://postmarkapp.com/developer/user-guide/tracking-opens */
  trackOpens?: boolean;
  /** Default the setting of the Postmark server. https://postmarkapp.com/developer/user-guide/tracking-links */
  trackLinks?: 'None' | 'HtmlAndText' | 'HtmlOnly' | 'TextOnly';
}

declare module '../../mail/mail-options.interface.js' {
  interface ProviderExtras {
    postmark?: PostmarkExtras;
  }
}

/** @throws MailMessageError */
export function postmarkExtras(message: MailMessage): PostmarkExtras {
  return readExtras<PostmarkExtras>(message, 'postmark', TYPES);
}

const TYPES: ExtraTypes<PostmarkExtras> = {
  messageStream: 'text',
  trackOpens: 'boolean',
  trackLinks: ['None', 'HtmlAndText', 'HtmlOnly', 'TextOnly'],
};
