import { isAscii } from 'node:buffer';
import type { DeliveryNotifications } from '../../mail/delivery-notifications.interface.js';

/** Of MAIL: RFC 3461 sections 4.3 and 4.4. */
export function mailParameters({ ret, envid }: DeliveryNotifications): string {
  return `${ret === undefined ? '' : ` RET=${ret}`}${envid === undefined ? '' : ` ENVID=${xtext(envid)}`}`;
}

/** Of RCPT: RFC 3461 sections 4.1 and 4.2. */
export function recipientParameters({ recipients }: DeliveryNotifications, address: string): string {
  const { notify, orcpt } = recipients?.[address] ?? {};
  // One that is not ASCII would need an encoding of its own (RFC 6533 section 3), which few servers know.
  const original = orcpt === undefined || !isAscii(Buffer.from(orcpt)) ? '' : ` ORCPT=${typed(orcpt)}`;
  return `${notify ? ` NOTIFY=${notify.join(',')}` : ''}${original}`;
}

/** The address type stands in clear. */
function typed(orcpt: string): string {
  const semicolon = orcpt.indexOf(';');
  return `${orcpt.slice(0, semicolon + 1)}${xtext(orcpt.slice(semicolon + 1))}`;
}

/** RFC 3461 section 4: printable ASCII but "+" and "=", all else as hexadecimal. */
function xtext(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replaceAll(
      /[^!-~]|[+=]/g,
      (character) => `+${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    );
}
