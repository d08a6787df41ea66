import type { Type } from '@nestjs/common';
import { ContextIdFactory, type DiscoveryService, MetadataScanner, type ModuleRef } from '@nestjs/core';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import type { EventSubscription } from './event-subscriptions.js';
import type { MailEvent } from './mail-event.interface.js';
import { handledTypesOf } from './on-mail-event.decorator.js';

interface Handler extends EventSubscription {
  type: Type;
  token: unknown;
  method: string;
  /** Made anew for each event, with what it injects. */
  scoped: boolean;
  /** Of a provider that is no class, or was overridden. */
  instance?: object;
}

/** The methods with `@OnMailEvent()` of all providers and controllers of the application. */
export class EventHandlers {
  readonly #discovery: DiscoveryService;
  readonly #modules: ModuleRef;
  #handlers = new Map<string, Handler>();

  constructor(discovery: DiscoveryService, modules: ModuleRef) {
    this.#discovery = discovery;
    this.#modules = modules;
  }

  /** Looks for handlers. @throws RelayConfigurationError when two methods have one name */
  discover(): readonly EventSubscription[] {
    const found = new Map<string, Handler>();
    for (const handler of this.#all()) {
      const other = found.get(handler.handler);
      if (other && other.type !== handler.type) {
        throw new RelayConfigurationError(
          '@OnMailEvent',
          `two classes have a handler ${handler.handler}(), and the queue could not tell them apart: rename one`,
        );
      }
      found.set(handler.handler, other ?? handler);
    }
    this.#handlers = found;
    return [...found.values()].map(({ handler, types }) => ({ handler, types }));
  }

  has(name: string): boolean {
    // A lazy module may have brought it since.
    if (!this.#handlers.has(name)) this.discover();
    return this.#handlers.has(name);
  }

  async call(name: string, event: MailEvent): Promise<void> {
    const { scoped, token, instance, method } = this.#handlers.get(name)!;
    const target = scoped
      ? await this.#modules.resolve<object>(token as Type, ContextIdFactory.create(), { strict: false })
      : instance;
    await (target as Record<string, (event: MailEvent) => unknown>)[method]!(event);
  }

  *#all(): Iterable<Handler> {
    const scanner = new MetadataScanner();
    for (const wrapper of [...this.#discovery.getProviders(), ...this.#discovery.getControllers()]) {
      const { metatype, instance, token } = wrapper;
      const prototype =
        (instance && (Object.getPrototypeOf(instance) as object | null)) ?? (metatype as Type | null)?.prototype;
      if (!prototype || prototype === Object.prototype) continue;
      const type = (prototype as { constructor: Type }).constructor;
      for (const method of scanner.getAllMethodNames(prototype)) {
        const types = handledTypesOf((prototype as Record<string, unknown>)[method]);
        if (!types) continue;
        const scoped = !wrapper.isDependencyTreeStatic();
        yield { handler: `${type.name}.${method}`, types, type, token, method, scoped, instance: instance as object };
      }
    }
  }
}
