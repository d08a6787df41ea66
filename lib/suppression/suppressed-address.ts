import { parseAddress } from '../mail/address.js';

/**
 * The form in which an address is on the list: the domain in ASCII and lower case, the local part in lower case and NFC.
 *
 * RFC 5321 section 2.4 leaves the case of a local part to its own server, but no provider of note tells `Ada@` from `ada@`, and their
 * bounces and complaints come back in either. To write to somebody who has said no is worse than to hold back a mail, so that case
 * is no way past the list. What stands behind a plus, and dots, are left alone: they may well be other people.
 *
 * @param field names the place in the error
 * @throws MailMessageError
 */
export function suppressedAddress(address: string, field: string): string {
  return parseAddress(address, field).address.toLowerCase().normalize('NFC');
}
