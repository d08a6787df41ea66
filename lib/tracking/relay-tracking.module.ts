import { type DynamicModule, Logger, type Provider } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { mountHandler, mountWithServer, readMountPath } from '../http/mount-handler.js';
import { partOfRelay } from '../part-of-relay.js';
import { refuseUnknown } from '../refuse-unknown.js';
import { relayPart } from '../relay.tokens.js';
import type { RelayTrackingAsyncOptions, RelayTrackingOptions } from './relay-tracking-options.interface.js';
import { TrackingEndpoint } from './tracking-endpoint.js';
import type { Tracking } from './tracking.js';

const OPTIONS = Symbol('RelayTracking.options');
const ENDPOINT = Symbol('RelayTracking.endpoint');

/**
 * Answers the links and images of tracked mails at `GET /t/...`, beside the application's own routes: before its parsers, guards and pipes.
 *
 * @example
 * imports: [
 *   RelayModule.forRoot({ track: { clicks: true }, tracking: { url: 'https://mail.acme.test/t', secret: process.env.TRACKING_SECRET! } }),
 *   RelayTrackingModule.forRoot(),
 * ]
 */
export class RelayTrackingModule {
  /** @throws RelayConfigurationError, when the application starts */
  static forRoot(options: RelayTrackingOptions = {}): DynamicModule {
    return { module: RelayTrackingModule, providers: [{ provide: OPTIONS, useValue: options }, endpoint] };
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: RelayTrackingAsyncOptions): DynamicModule {
    return { module: RelayTrackingModule, imports, providers: [{ provide: OPTIONS, inject, useFactory }, endpoint] };
  }
}

/** Made with the application, so that its routes come before all others. */
const endpoint: Provider = {
  provide: ENDPOINT,
  inject: [OPTIONS, HttpAdapterHost, ModuleRef],
  useFactory: (options: RelayTrackingOptions, host: HttpAdapterHost, modules: ModuleRef) => {
    refuseUnknown(options, ['path', 'relay'], 'trackingEndpoint.');
    const { path: given = 't', relay } = options;
    const path = readMountPath(given, 'trackingEndpoint.path');
    let opened: TrackingEndpoint | undefined;
    const open = () => (opened ??= endpointOf(modules, relay, path));
    const mounted = mountWithServer(host, (adapter) =>
      mountHandler(adapter, path, (...request) => open().handle(...request), 'tracking'),
    );
    return { onModuleInit: () => void (mounted() && open()) };
  },
};

/** @throws RelayConfigurationError */
function endpointOf(modules: ModuleRef, relay: string | undefined, path: string): TrackingEndpoint {
  const { settings, hits, now } = partOfRelay<Tracking>(
    modules,
    relayPart('tracking', relay),
    relay,
    'trackingEndpoint.relay',
  );
  if (!settings)
    throw new RelayConfigurationError(
      'tracking',
      "is missing: give RelayModule.forRoot({ tracking: { url: 'https://mail.acme.test/t', secret } })",
    );
  if (new URL(settings.url).pathname !== path)
    new Logger('MailRelay').warn(
      `Tracked links lead to ${settings.url}, and are answered at ${path}: right only if a proxy changes the path`,
    );
  return new TrackingEndpoint({ settings, hit: (hit) => hits.add(hit), now });
}
