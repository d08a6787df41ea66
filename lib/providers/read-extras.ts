import { MailMessageError } from '../errors/mail-message.error.js';
import { checkLine } from '../mail/headers.js';
import type { MailMessage } from '../mail/mail-message.interface.js';

/** What an extra may be; a list is the words to choose from. `text` has no line breaks. */
export type ExtraType = 'text' | 'boolean' | 'object' | readonly string[];

/** The extras of one provider, by name. */
export type ExtraTypes<T> = { readonly [K in keyof Required<T>]: ExtraType };

/**
 * What a message says to one provider in `provider: { <name>: { ... } }`.
 *
 * @throws MailMessageError that names what is unknown or of the wrong kind
 */
export function readExtras<T extends object>(
  { provider }: MailMessage,
  name: string,
  types: ExtraTypes<T>,
): Partial<T> {
  const extras = provider[name] ?? {};
  for (const [key, value] of Object.entries(extras)) {
    const field = `provider.${name}.${key}`;
    const type = Object.hasOwn(types, key) ? types[key as keyof T] : undefined;
    if (type === undefined)
      throw new MailMessageError(field, `is unknown to ${name}; there are ${Object.keys(types).join(', ')}`);
    if (value !== undefined) check(value, type, field);
  }
  return extras;
}

function check(value: unknown, type: ExtraType, field: string): void {
  if (type === 'text') checkLine(value, field);
  else if (typeof type === 'string') {
    if (typeof value !== type || value === null) throw new MailMessageError(field, `must be of type ${type}`);
  } else if (!type.includes(value as string)) throw new MailMessageError(field, `must be one of ${type.join(', ')}`);
}
