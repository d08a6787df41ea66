import type { MailMessage } from '../../mail/mail-message.interface.js';
import { type ExtraTypes, readExtras } from '../read-extras.js';

/** What only SendStreak understands: `provider: { sendstreak: { template: 'welcome', variables: { name } } }`. */
export interface SendStreakExtras {
  /** The slug of a template stored at SendStreak; subject and bodies are then its own, not the mail's. */
  template?: string;
  /** What that template is filled in with; with the pass-through template, beside `subject`, `html` and `text`. */
  variables?: Readonly<Record<string, unknown>>;
}

declare module '../../mail/mail-options.interface.js' {
  interface ProviderExtras {
    sendstreak?: SendStreakExtras;
  }
}

/** @throws MailMessageError */
export function sendStreakExtras(message: MailMessage): SendStreakExtras {
  return readExtras<SendStreakExtras>(message, 'sendstreak', TYPES);
}

const TYPES: ExtraTypes<SendStreakExtras> = { template: 'text', variables: 'object' };
