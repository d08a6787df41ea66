import type { DynamicModule, Provider } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { mountHandler, mountWithServer } from '../../http/mount-handler.js';
import { instanceOf } from '../../instance-of.js';
import type { MailService } from '../../mail.service.js';
import type { OpenedQueue } from '../../queue/open-mail-queue.js';
import type { RelayConfiguration } from '../../relay-configuration.js';
import { partOfRelay } from '../../part-of-relay.js';
import { getMailServiceToken, relayPart } from '../../relay.tokens.js';
import { ApiEndpoint, type ApiEndpointParts } from './api-endpoint.js';
import { ApiRate } from './api-rate.js';
import { MessageActions } from './message-actions.js';
import { MessageIntake } from './message-intake.js';
import { relayApiDescription } from './openapi.js';
import { type ApiSettings, readApiOptions } from './read-api-options.js';
import type { RelayApiAsyncOptions, RelayApiOptions } from './relay-api-options.interface.js';

const OPTIONS = Symbol('RelayApi.options');
const ENDPOINT = Symbol('RelayApi.endpoint');

/**
 * Takes mails over HTTP and JSON at `POST /relay/messages`, and tells what became of them, beside the application's own routes. Its
 * guards, pipes and parsers have no part in it: clients prove themselves with API keys.
 *
 * @example
 * imports: [
 *   RelayModule.forRoot(...),
 *   RelayApiModule.forRoot({ apiKeys: [{ id: 'shop', key: process.env.SHOP_KEY!, scopes: ['send', 'read'] }] }),
 * ]
 */
export class RelayApiModule {
  /** @throws RelayConfigurationError, when the application starts */
  static forRoot(options: RelayApiOptions): DynamicModule {
    return { module: RelayApiModule, providers: [{ provide: OPTIONS, useValue: options }, endpoint] };
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: RelayApiAsyncOptions): DynamicModule {
    return { module: RelayApiModule, imports, providers: [{ provide: OPTIONS, inject, useFactory }, endpoint] };
  }
}

/** Made with the application, so that its routes come before all others. */
const endpoint: Provider = {
  provide: ENDPOINT,
  inject: [OPTIONS, HttpAdapterHost, ModuleRef],
  useFactory: (options: RelayApiOptions, host: HttpAdapterHost, modules: ModuleRef) => {
    const settings = readApiOptions(options);
    const closing = new AbortController();
    let parts: Promise<ApiEndpointParts> | undefined;
    const ready = () => (parts ??= partsOf(settings, options.relay, modules, closing.signal));
    const api = new ApiEndpoint(ready, relayApiDescription(settings));
    const { path } = settings;
    const mounted = mountWithServer(host, (adapter) => {
      mountHandler(adapter, `${path}/messages`, (...request) => void api.messages(...request), 'api');
      mountHandler(adapter, `${path}/openapi.json`, (...request) => void api.description(...request), 'api');
    });
    return {
      onModuleInit: async () => void (mounted() && (await ready())),
      onModuleDestroy: () => closing.abort(),
    };
  },
};

async function partsOf(
  settings: ApiSettings,
  relay: string | undefined,
  modules: ModuleRef,
  closing: AbortSignal,
): Promise<ApiEndpointParts> {
  const mail = partOfRelay<MailService>(modules, getMailServiceToken(relay), relay, 'api.relay');
  const { defaults } = partOfRelay<RelayConfiguration>(modules, relayPart('configuration', relay), relay, 'api.relay');
  const { mailQueue } = partOfRelay<OpenedQueue>(modules, relayPart('queue', relay), relay, 'api.relay');
  const { authenticator } = settings;
  return {
    authenticator: typeof authenticator === 'function' ? await instanceOf(authenticator, modules) : authenticator,
    actions: new MessageActions({
      mail,
      intake: new MessageIntake(mail, defaults.from),
      rate: new ApiRate(mailQueue.shared),
      limits: settings,
      closing,
    }),
  };
}
