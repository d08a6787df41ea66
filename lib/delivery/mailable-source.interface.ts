import type { MailAttributes } from '../mail/mail.decorator.js';
import type { Mailable } from '../mail/mailable.interface.js';

/** Where injectable mails come from. */
export interface MailableSource {
  /** `undefined` when this process knows no mail of that name. */
  resolve(name: string): Promise<{ mailable: Mailable<unknown>; attributes: MailAttributes<object> } | undefined>;
}
