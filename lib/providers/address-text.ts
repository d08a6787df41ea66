import { checkLine } from '../mail/headers.js';
import type { MailAddress } from '../mail/mail-message.interface.js';

/** `"Ada, Countess" <ada@x.test>`, in UTF-8, for APIs that encode it themselves: RFC 5322 section 3.4. */
export function addressText({ name, address }: MailAddress): string {
  if (!name) return address;
  return `"${checkLine(name, 'name').replace(/["\\]/g, '\\$&')}" <${address}>`;
}

/** Several, with commas between them. */
export function addressList(addresses: readonly MailAddress[]): string {
  return addresses.map(addressText).join(', ');
}
