import 'reflect-metadata';
import type { AddressInput, OneOrMany, RetryOptions, UnsubscribeChoice } from './mail-options.interface.js';
import type { MailStream, Priority } from './mail-message.interface.js';
import type { Track } from './track.js';

type Of<M, V> = V | ((mail: M) => V);

/** What `@Mail` says of all mails of a class. Options of `send()` win over it, and it wins over the module's defaults. */
export interface MailAttributes<M = never> {
  /** What the queue stores; default the class name (set it when bundling). Two classes with one name fail at start. */
  name?: string;
  template?: string;
  /** A template; the templates' own front matter may give it instead. */
  subject?: Of<M, string>;
  layout?: string | false;
  from?: Of<M, AddressInput>;
  replyTo?: Of<M, OneOrMany<AddressInput>>;
  headers?: Of<M, Record<string, string>>;
  metadata?: Of<M, Record<string, string>>;
  tags?: Of<M, readonly string[]>;
  stream?: MailStream;
  priority?: Priority;
  transport?: string;
  locale?: string;
  retry?: RetryOptions;
  unsubscribe?: UnsubscribeChoice;
  /** Opens and clicks. */
  track?: Track;
}

/**
 * Makes a class a mail: either a data class, whose fields are the template's context, or an injectable {@link Mailable}.
 *
 * @example
 * @Mail<WelcomeMail>({ template: 'welcome', subject: 'Welcome, {{name}}', metadata: (m) => ({ plan: m.plan }) })
 * export class WelcomeMail {
 *   constructor(readonly name: string, readonly plan: string) {}
 * }
 */
export function Mail<M extends object = never>(
  attributes: MailAttributes<M> = {},
): (target: [M] extends [never] ? Function : abstract new (...args: never[]) => M) => void {
  return (target) => Reflect.defineMetadata(MAIL_METADATA, attributes, target);
}

/**
 * The attributes of a class: its own over those of the classes it extends. `undefined` for a class with no `@Mail`.
 * `name` is not inherited, since it names one class.
 */
export function mailAttributesOf(target: Function): MailAttributes<object> | undefined {
  let attributes = known.get(target);
  if (attributes === undefined) known.set(target, (attributes = collect(target) ?? null));
  return attributes ?? undefined;
}

/** Under what name the queue stores mails of a class. */
export function mailNameOf(target: Function): string {
  return mailAttributesOf(target)?.name ?? target.name;
}

const MAIL_METADATA = Symbol.for('nestjs-mail-relay:mail');

/** Asked for with each mail that is sent; `null` for a class with no `@Mail`. */
const known = new WeakMap<Function, MailAttributes<object> | null>();

function collect(target: Function): MailAttributes<object> | undefined {
  let attributes: MailAttributes<object> | undefined;
  for (
    let type: Function | null = target;
    type && type !== Function.prototype;
    type = Object.getPrototypeOf(type) as Function | null
  ) {
    const own = Reflect.getOwnMetadata(MAIL_METADATA, type) as MailAttributes<object> | undefined;
    if (own) attributes = { ...own, ...attributes, name: type === target ? own.name : attributes?.name };
  }
  return attributes;
}
