import { type DynamicModule, type Provider } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { mountHandler, mountWithServer } from '../../http/mount-handler.js';
import type { OpenedQueue } from '../../queue/open-mail-queue.js';
import { partOfRelay } from '../../part-of-relay.js';
import { getFeedbackIntakeToken, relayPart } from '../../relay.tokens.js';
import type { FeedbackIntake } from '../feedback-intake.js';
import { readWebhooksOptions } from './read-webhooks-options.js';
import type { RelayWebhooksAsyncOptions, RelayWebhooksOptions } from './relay-webhooks-options.interface.js';
import { SharedReplayMemory } from './replay-memory.js';
import { WebhookEndpoint } from './webhook-endpoint.js';

const OPTIONS = Symbol('RelayWebhooks.options');
const ENDPOINT = Symbol('RelayWebhooks.endpoint');

/**
 * Takes the providers' webhooks at `POST /relay/webhooks/<provider>`, beside the application's own routes.
 *
 * @example
 * imports: [RelayModule.forRoot(...), RelayWebhooksModule.forRoot({ mailgun: { signingKey: process.env.MAILGUN_SIGNING_KEY! } })]
 */
export class RelayWebhooksModule {
  /** @throws RelayConfigurationError, when the application starts */
  static forRoot(options: RelayWebhooksOptions): DynamicModule {
    return { module: RelayWebhooksModule, providers: [{ provide: OPTIONS, useValue: options }, endpoint] };
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: RelayWebhooksAsyncOptions): DynamicModule {
    return {
      module: RelayWebhooksModule,
      imports,
      providers: [{ provide: OPTIONS, inject, useFactory }, endpoint],
    };
  }
}

/** Made with the application, so that its route comes before all others. */
const endpoint: Provider = {
  provide: ENDPOINT,
  inject: [OPTIONS, HttpAdapterHost, ModuleRef],
  useFactory: (options: RelayWebhooksOptions, host: HttpAdapterHost, modules: ModuleRef) => {
    const memory = {
      isForgery: (token: string, body: Uint8Array) => replayMemory(modules, options.relay).isForgery(token, body),
    };
    const { path, maxBody, parsers } = readWebhooksOptions(options, memory);
    const accept: FeedbackIntake['accept'] = (events) => intakeOf(modules, options.relay).accept(events);
    const webhooks = new WebhookEndpoint(parsers, { accept }, maxBody);
    const mounted = mountWithServer(host, (adapter) =>
      mountHandler(adapter, path, (...request) => void webhooks.handle(...request), 'webhooks'),
    );
    return { onModuleInit: () => void (mounted() && intakeOf(modules, options.relay)) };
  },
};

function intakeOf(modules: ModuleRef, relay: string | undefined): FeedbackIntake {
  return partOfRelay(modules, getFeedbackIntakeToken(relay), relay, 'webhooks.relay');
}

function replayMemory(modules: ModuleRef, relay: string | undefined): SharedReplayMemory {
  const { mailQueue } = partOfRelay<OpenedQueue>(modules, relayPart('queue', relay), relay, 'webhooks.relay');
  return new SharedReplayMemory(mailQueue.shared, 'webhook:');
}
