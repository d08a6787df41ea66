import type {
  DynamicModule,
  FactoryProvider,
  InjectionToken,
  OptionalFactoryDependency,
  Provider,
  Type,
} from '@nestjs/common';
import { getSharedConfigToken } from '@nestjs/bullmq';
import { DiscoveryModule, DiscoveryService, ModuleRef } from '@nestjs/core';
import { TransportSet } from './delivery/transport-set.js';
import type { RelayFeedback } from './feedback/relay-feedback.js';
import { MailRegistry } from './mail-registry.js';
import { RelayHealth } from './observability/relay-health.js';
import { openMailQueue, type OpenedQueue } from './queue/open-mail-queue.js';
import { queueNameOf } from './queue/queue-options.interface.js';
import { readConfiguration, type RelayConfiguration } from './relay-configuration.js';
import type { RelayModuleExtras, RelayOptions } from './relay-options.interface.js';
import { RelayRuntime } from './relay.runtime.js';
import {
  DEFAULT_RELAY,
  getFeedbackIntakeToken,
  getMailEventsToken,
  getMailFeedbackToken,
  getMailServiceToken,
  getMailReputationToken,
  getMailStatisticsToken,
  getMailTransportToken,
  getRelayHealthToken,
  getRelayQueueToken,
  getSenderDomainsToken,
  getSuppressionListToken,
  RELAY_OPTIONS,
  relayPart,
} from './relay.tokens.js';
import { RelayWorkerHost } from './relay-worker.host.js';
import { relaySenderDomains } from './sender-domain/relay-sender-domains.js';
import { openTemplates, type OpenedTemplates } from './template/open-templates.js';
import { RootTransport } from './transport/root.transport.js';

/** What ConfigurableModuleBuilder made of the options, with the parts of the relay added. */
export function relayDefinition(
  definition: DynamicModule,
  { name: given, isGlobal = true, configKey }: RelayModuleExtras,
): DynamicModule {
  const name = given === DEFAULT_RELAY ? undefined : given;
  const worker = workerModule(name);
  return {
    ...definition,
    global: isGlobal,
    imports: [...(definition.imports ?? []), DiscoveryModule, worker],
    providers: [...(definition.providers ?? []), ...relayProviders(name, configKey)],
    exports: [
      getMailServiceToken(name),
      getMailTransportToken(name),
      getRelayQueueToken(name),
      getSenderDomainsToken(name),
      getRelayHealthToken(name),
      ...feedbackParts(name).map(([token]) => token),
      ...(['configuration', 'queue', 'templates', 'mails', 'tracking'] as const).map((part) => relayPart(part, name)),
    ],
  };
}

/** A module that adds templates and mails to the default relay. */
export function featureDefinition(
  module: Type,
  { templates, mails }: { templates?: { dir: string; prefix?: string }; mails?: readonly Type[] },
): DynamicModule {
  return {
    module,
    providers: [
      {
        provide: Symbol('MailRelay.feature'),
        inject: [relayPart('templates'), relayPart('mails')],
        useFactory: (opened: OpenedTemplates, registry: MailRegistry) => {
          if (templates) opened.add(templates);
          registry.add(mails ?? []);
          return true;
        },
      },
    ],
  };
}

function relayProviders(name: string | undefined, configKey: string | undefined): Provider[] {
  const part = (...of: Parameters<typeof relayPart>) => relayPart(of[0], name);
  return [
    {
      provide: part('configuration'),
      inject: [RELAY_OPTIONS],
      useFactory: (options: RelayOptions) => readConfiguration(options, name ?? DEFAULT_RELAY),
    },
    { provide: part('clock'), useValue: Date.now },
    {
      provide: part('queue'),
      inject: [part('configuration'), optional(getSharedConfigToken(configKey))],
      useFactory: ({ queue, retention }: RelayConfiguration, shared?: { connection?: unknown }) =>
        openMailQueue({ queue, retention, ...(name !== undefined && { name }), shared: shared?.connection }),
    },
    {
      provide: getRelayQueueToken(name),
      inject: [part('queue')],
      useFactory: ({ bullQueue }: OpenedQueue) => bullQueue,
    },
    {
      provide: part('templates'),
      inject: [part('configuration')],
      useFactory: ({ templates }: RelayConfiguration) =>
        openTemplates(templates, { watch: process.env.NODE_ENV !== 'production' }),
    },
    {
      provide: part('transports'),
      inject: [part('configuration')],
      useFactory: ({ transports, route }: RelayConfiguration) => new TransportSet(transports, route),
    },
    {
      provide: getMailTransportToken(name),
      inject: [part('runtime')],
      useFactory: (runtime: RelayRuntime) => new RootTransport(runtime),
    },
    {
      provide: getSenderDomainsToken(name),
      inject: [part('configuration'), part('transports')],
      useFactory: ({ senderDomains, defaults }: RelayConfiguration, transports: TransportSet) =>
        relaySenderDomains(senderDomains, defaults.from?.address, () => transports.transports),
    },
    {
      provide: getRelayHealthToken(name),
      inject: [part('queue'), part('transports')],
      useFactory: ({ mailQueue }: OpenedQueue, transports: TransportSet) => new RelayHealth(mailQueue, transports),
    },
    {
      provide: part('mails'),
      inject: [DiscoveryService, ModuleRef],
      useFactory: (discovery: DiscoveryService, modules: ModuleRef) => new MailRegistry(discovery, modules),
    },
    runtimeProvider(name),
    {
      provide: getMailServiceToken(name),
      inject: [part('runtime')],
      useFactory: ({ service }: RelayRuntime) => service,
    },
    {
      provide: part('tracking'),
      inject: [part('runtime')],
      useFactory: ({ tracking }: RelayRuntime) => tracking,
    },
    ...feedbackParts(name).map(([provide, of]) => ({
      provide,
      inject: [part('runtime')],
      useFactory: ({ feedback }: RelayRuntime) => of(feedback),
    })),
  ];
}

/** What an application may inject of what follows from mails. */
function feedbackParts(name: string | undefined): [InjectionToken, (feedback: RelayFeedback) => unknown][] {
  return [
    [getSuppressionListToken(name), ({ suppressions }) => suppressions],
    [getMailEventsToken(name), ({ events }) => events],
    [getMailStatisticsToken(name), ({ statistics }) => statistics],
    [getMailReputationToken(name), ({ reputation }) => reputation],
    [getFeedbackIntakeToken(name), ({ intake }) => intake],
    [getMailFeedbackToken(name), ({ mailFeedback }) => mailFeedback],
  ];
}

function runtimeProvider(name: string | undefined): FactoryProvider<RelayRuntime> {
  return {
    provide: relayPart('runtime', name),
    inject: [
      ...(['configuration', 'clock', 'queue', 'templates', 'transports', 'mails', 'worker'] as const).map((part) =>
        relayPart(part, name),
      ),
      ModuleRef,
      DiscoveryService,
    ],
    useFactory: (
      configuration: RelayConfiguration,
      clock: () => number,
      { mailQueue }: OpenedQueue,
      templates: OpenedTemplates,
      transports: TransportSet,
      mails: MailRegistry,
      host: RelayWorkerHost,
      modules: ModuleRef,
      discovery: DiscoveryService,
    ) => {
      const queueName = queueNameOf(configuration.queue, name);
      const runtime = new RelayRuntime({
        name: name ?? DEFAULT_RELAY,
        configuration,
        clock,
        queue: mailQueue,
        queueName,
        templates,
        transports,
        mails,
        modules,
        discovery,
      });
      host.attach(runtime);
      return runtime;
    },
  };
}

/** Not global, whatever the relay is: see {@link RelayWorkerHost}. */
function workerModule(name: string | undefined): DynamicModule {
  const provide = relayPart('worker', name);
  return {
    module: RelayWorkerModule,
    providers: [{ provide, useFactory: () => new RelayWorkerHost() }],
    exports: [provide],
  };
}

class RelayWorkerModule {}

function optional(token: string): OptionalFactoryDependency {
  return { token, optional: true };
}
