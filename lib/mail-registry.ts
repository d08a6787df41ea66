import type { Type } from '@nestjs/common';
import { ContextIdFactory, type DiscoveryService, type ModuleRef } from '@nestjs/core';
import type { MailableSource } from './delivery/mailable-source.interface.js';
import { RelayConfigurationError } from './errors/relay-configuration.error.js';
import { instanceOf } from './instance-of.js';
import { type MailAttributes, mailAttributesOf, mailNameOf } from './mail/mail.decorator.js';
import type { Mailable } from './mail/mailable.interface.js';

interface KnownMail {
  type: Type<Mailable<unknown>>;
  attributes: MailAttributes<object>;
  /** Made anew for each mail, with what it injects. */
  scoped: boolean;
}

/** The mail classes of the application: providers with `@Mail()`, whichever module has them, and those that `forFeature` names. */
export class MailRegistry implements MailableSource {
  readonly #discovery: DiscoveryService;
  readonly #modules: ModuleRef;
  readonly #named = new Set<Type>();
  #known = new Map<string, KnownMail>();

  constructor(discovery: DiscoveryService, modules: ModuleRef) {
    this.#discovery = discovery;
    this.#modules = modules;
  }

  /** Mail classes that are no providers: only their names count, unless they render. */
  add(types: readonly Type[]): void {
    for (const type of types) {
      if (!mailAttributesOf(type))
        throw new RelayConfigurationError('forFeature.mails', `the class ${type.name} has no @Mail() decorator`);
      this.#named.add(type);
    }
  }

  /** Looks for mails. @throws RelayConfigurationError when two classes have one name */
  discover(): void {
    const known = new Map<string, KnownMail>();
    const note = (type: Type, scoped: boolean) => {
      const name = mailNameOf(type);
      const other = known.get(name);
      if (other && other.type !== type) {
        throw new RelayConfigurationError(
          '@Mail.name',
          `two mail classes are named ${JSON.stringify(name)}; the queue could not tell them apart: give one of them @Mail({ name })`,
        );
      }
      known.set(name, { type: type as KnownMail['type'], attributes: mailAttributesOf(type)!, scoped });
    };
    for (const type of this.#named) note(type, false);
    for (const { token, isDependencyTreeStatic } of this.#wrappers()) note(token, !isDependencyTreeStatic);
    this.#known = known;
  }

  /** All that are known now. */
  get types(): readonly Type[] {
    this.discover();
    return [...this.#known.values()].map(({ type }) => type);
  }

  async resolve(
    name: string,
  ): Promise<{ mailable: Mailable<unknown>; attributes: MailAttributes<object> } | undefined> {
    // A lazy module may have brought the mail since.
    if (!this.#known.has(name)) this.discover();
    const known = this.#known.get(name);
    return known && { mailable: await this.#instance(known), attributes: known.attributes };
  }

  /** By token, so that a provider that a test overrides is the one that renders. */
  async #instance({ type, scoped }: KnownMail): Promise<Mailable<unknown>> {
    if (scoped) return this.#modules.resolve(type, ContextIdFactory.create(), { strict: false });
    return instanceOf(type, this.#modules);
  }

  #wrappers(): { token: Type; isDependencyTreeStatic: boolean }[] {
    return this.#discovery.getProviders().flatMap((wrapper) => {
      const token = typeof wrapper.token === 'function' ? (wrapper.token as Type) : (wrapper.metatype as Type | null);
      return typeof token === 'function' && mailAttributesOf(token)
        ? [{ token, isDependencyTreeStatic: wrapper.isDependencyTreeStatic() }]
        : [];
    });
  }
}
