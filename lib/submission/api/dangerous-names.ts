import { MailMessageError } from '../../errors/mail-message.error.js';

/**
 * `__proto__` is an ordinary name in JSON, and changes what an object is as soon as somebody copies it member by member: it is refused
 * wherever it stands, instead of being trusted to everybody's care.
 *
 * @param value out of JSON, not nested deeply
 * @throws MailMessageError that names the field
 */
export function refuseDangerousNames(value: unknown, field: string): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) refuseDangerousNames(one, `${field}[${index}]`);
    return;
  }
  for (const [name, one] of Object.entries(value)) {
    const place = field === '' ? name : `${field}.${name}`;
    if (name === '__proto__') throw new MailMessageError(place, 'is no name that a mail can have');
    refuseDangerousNames(one, place);
  }
}
