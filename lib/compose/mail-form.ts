import type { Type } from '@nestjs/common';
import { MailMessageError } from '../errors/mail-message.error.js';
import { type MailAttributes, mailAttributesOf } from '../mail/mail.decorator.js';
import type { InlineMessage, MailOptions, Recipients } from '../mail/mail-options.interface.js';
import type { Mailable } from '../mail/mailable.interface.js';

/** What every form of mail brings: recipients (perhaps none, in `render()`) and options. */
export type FormOptions = Partial<Recipients> & MailOptions & { data?: unknown };

/** The three forms in which an application gives a mail. */
export type MailForm =
  | { readonly kind: 'inline'; readonly options: Partial<InlineMessage> }
  | {
      readonly kind: 'instance';
      readonly mail: object;
      readonly attributes: MailAttributes<object>;
      readonly options: FormOptions;
    }
  | {
      readonly kind: 'mailable';
      readonly type: Type<Mailable<unknown>>;
      readonly attributes: MailAttributes<object>;
      readonly options: FormOptions;
    };

/**
 * Tells the forms apart: one argument is an inline message; two are a mail (an instance, or an injectable mail's class) and its options.
 *
 * @throws MailMessageError that says what was meant
 */
export function mailForm(mail: unknown, options?: unknown): MailForm {
  if (typeof mail === 'function') return mailableForm(mail, options);
  if (typeof mail !== 'object' || mail === null || Array.isArray(mail)) {
    throw new MailMessageError(
      'mail',
      `give a message { to, subject, ... } or an instance or class with @Mail(), not ${describe(mail)}`,
    );
  }
  if ('then' in mail && typeof mail.then === 'function')
    throw new MailMessageError('mail', 'is a promise; await it first');
  const attributes = mailAttributesOf(mail.constructor ?? Object);
  if (!attributes) return inlineForm(mail, options);
  if ('render' in mail && typeof mail.render === 'function') {
    throw new MailMessageError(
      'mail',
      `${mail.constructor.name} renders in the worker: send the class, send(${mail.constructor.name}, { to, data })`,
    );
  }
  return { kind: 'instance', mail, attributes, options: checkKeys(options ?? {}, INSTANCE_KEYS) };
}

function mailableForm(type: Function, options: unknown): MailForm {
  const attributes = mailAttributesOf(type);
  if (!attributes)
    throw new MailMessageError('mail', `the class ${type.name || '(without a name)'} has no @Mail() decorator`);
  if (typeof (type.prototype as Mailable | undefined)?.render !== 'function') {
    throw new MailMessageError(
      'mail',
      `the class ${type.name} has no render(): send an instance of it, send(new ${type.name}(...), { to })`,
    );
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value !== 'function') continue;
    throw new MailMessageError(
      `@Mail.${name}`,
      `is a function, but ${type.name} has no instance in send(): give a value, or return it from render()`,
    );
  }
  return {
    kind: 'mailable',
    type: type as Type<Mailable<unknown>>,
    attributes,
    options: checkKeys(options ?? {}, MAILABLE_KEYS),
  };
}

function inlineForm(mail: object, options: unknown): MailForm {
  const prototype = Object.getPrototypeOf(mail) as object | null;
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new MailMessageError('mail', `the class ${mail.constructor.name} has no @Mail() decorator`);
  }
  if (options !== undefined)
    throw new MailMessageError('options', 'an inline message is one argument: put its options into the message');
  return { kind: 'inline', options: checkKeys(mail, INLINE_KEYS) };
}

/** A misspelt option must not be ignored. */
function checkKeys<T extends object>(options: unknown, known: ReadonlySet<string>): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new MailMessageError('options', `is an object { to, ... }, not ${describe(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!known.has(key))
      throw new MailMessageError(key, `is no option of this mail; known are ${[...known].join(', ')}`);
  }
  return options as T;
}

const COMMON_KEYS = [
  'to',
  'cc',
  'bcc',
  'subject',
  'from',
  'replyTo',
  'envelope',
  'headers',
  'attachments',
  'tags',
  'metadata',
  'locale',
  'tenant',
  'stream',
  'priority',
  'delay',
  'sendAt',
  'transport',
  'idempotencyKey',
  'retry',
  'unsubscribe',
  'track',
  'provider',
  'signal',
] as const satisfies readonly (keyof (Recipients & MailOptions))[];
const INSTANCE_KEYS: ReadonlySet<string> = new Set(COMMON_KEYS);
const MAILABLE_KEYS: ReadonlySet<string> = new Set([...COMMON_KEYS, 'data']);
const INLINE_KEYS: ReadonlySet<string> = new Set([...COMMON_KEYS, 'html', 'text', 'template', 'context']);

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
