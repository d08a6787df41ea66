import { type DynamicModule, Logger, type Provider } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { mountHandler, mountWithServer } from '../../http/mount-handler.js';
import type { RelayConfiguration } from '../../relay-configuration.js';
import type { RelayRuntime } from '../../relay.runtime.js';
import { partOfRelay } from '../../part-of-relay.js';
import { relayPart } from '../../relay.tokens.js';
import { readUnsubscribePageOptions, type UnsubscribePageSettings } from './read-unsubscribe-page-options.js';
import type { RelayUnsubscribeAsyncOptions, RelayUnsubscribeOptions } from './relay-unsubscribe-options.interface.js';
import { UnsubscribeEndpoint, type UnsubscribeEndpointParts } from './unsubscribe-endpoint.js';

const OPTIONS = Symbol('RelayUnsubscribe.options');
const ENDPOINT = Symbol('RelayUnsubscribe.endpoint');

/**
 * Answers the unsubscribe links of a relay's mails at `/unsubscribe`, beside the application's own routes.
 *
 * @example
 * imports: [
 *   RelayModule.forRoot({ unsubscribe: { url: 'https://acme.test/unsubscribe', secret: process.env.UNSUBSCRIBE_SECRET! }, ... }),
 *   RelayUnsubscribeModule.forRoot(),
 * ]
 */
export class RelayUnsubscribeModule {
  /** @throws RelayConfigurationError, when the application starts */
  static forRoot(options: RelayUnsubscribeOptions = {}): DynamicModule {
    return { module: RelayUnsubscribeModule, providers: [{ provide: OPTIONS, useValue: options }, endpoint] };
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: RelayUnsubscribeAsyncOptions): DynamicModule {
    return {
      module: RelayUnsubscribeModule,
      imports,
      providers: [{ provide: OPTIONS, inject, useFactory }, endpoint],
    };
  }
}

/** Made with the application, so that its route comes before all others. */
const endpoint: Provider = {
  provide: ENDPOINT,
  inject: [OPTIONS, HttpAdapterHost, ModuleRef],
  useFactory: (options: RelayUnsubscribeOptions, host: HttpAdapterHost, modules: ModuleRef) => {
    const settings = readUnsubscribePageOptions(options);
    let parts: UnsubscribeEndpointParts | undefined;
    const ready = () => (parts ??= partsOf(settings, options.relay, modules));
    const page = new UnsubscribeEndpoint(ready);
    const mounted = mountWithServer(host, (adapter) =>
      mountHandler(adapter, settings.path, (...request) => void page.handle(...request), 'unsubscribePage'),
    );
    return { onModuleInit: () => void (mounted() && ready()) };
  },
};

/** @throws RelayConfigurationError */
function partsOf(
  { path, languages, sender: given }: UnsubscribePageSettings,
  relay: string | undefined,
  modules: ModuleRef,
): UnsubscribeEndpointParts {
  const { defaults } = partOfRelay<RelayConfiguration>(
    modules,
    relayPart('configuration', relay),
    relay,
    'unsubscribePage.relay',
  );
  const { feedback } = partOfRelay<RelayRuntime>(modules, relayPart('runtime', relay), relay, 'unsubscribePage.relay');
  const { unsubscribe } = defaults;
  if (!unsubscribe)
    throw new RelayConfigurationError(
      'unsubscribe',
      "is missing: RelayModule.forRoot({ unsubscribe: { url: 'https://acme.test/unsubscribe', secret } })",
    );
  // What stands in front of the application may know the way; mostly it is a mistake.
  if (!unsubscribe.path.endsWith(path))
    new Logger('MailRelay').warn(
      `unsubscribe.url ends with ${unsubscribe.path || '/'}, and the page is at ${path}: do its links lead there?`,
    );
  const sender = given ?? defaults.from?.name;
  return {
    links: unsubscribe.links,
    subscriptions: feedback.subscriptions,
    languages,
    ...(sender !== undefined && { sender }),
  };
}
