import type { MailEvent, MailEventType } from './mail-event.interface.js';

/**
 * Calls a provider's method for these events, once for each event over all processes, through a queue: a handler that throws is called
 * again, after 1 s, 2 s, 4 s and so on up to an hour, for about half a day. After a crash it may be called twice for one event; its `id`
 * tells. The method's parameter is checked against the types named.
 *
 * @example
 * @OnMailEvent('bounced', 'complained')
 * async forget(event: MailEvent<'bounced' | 'complained'>) { await this.users.markUnreachable(event.recipient); }
 */
export function OnMailEvent<const T extends MailEventType>(
  ...types: [T, ...T[]]
): <H extends (event: MailEvent<T>) => unknown>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<H>,
) => void {
  return (_target, _key, descriptor) => {
    Reflect.defineMetadata(HANDLED_TYPES, types, descriptor.value!);
  };
}

/** The types a method handles, if it handles any. */
export function handledTypesOf(method: unknown): readonly MailEventType[] | undefined {
  return typeof method === 'function'
    ? (Reflect.getMetadata(HANDLED_TYPES, method) as readonly MailEventType[] | undefined)
    : undefined;
}

const HANDLED_TYPES = Symbol('nestjs-mail-relay:handled-types');
