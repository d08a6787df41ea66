import type { DynamicModule, NestModule, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { Inject, Module } from '@nestjs/common';
import { ApplicationConfig, DiscoveryModule, DiscoveryService, HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { mountHandler } from '../http/mount-handler.js';
import type { RelayConsoleAsyncOptions, RelayConsoleOptions } from './console-options.interface.js';
import { RelayConsole } from './relay-console.js';
import { type ConsoleSettings, readConsoleOptions } from './read-console-options.js';

const SETTINGS = Symbol('RelayConsole.settings');

/**
 * Mounts a page that shows what the relay does, and its HTTP API, at `/relay` beside the application's own routes.
 *
 * @example
 * imports: [RelayModule.forRoot(...), RelayConsoleModule.forRoot({ authorize: AdminGuard })]
 */
@Module({})
export class RelayConsoleModule implements NestModule, OnModuleInit, OnModuleDestroy {
  readonly #settings: ConsoleSettings;
  readonly #host: HttpAdapterHost;
  readonly #application: ApplicationConfig;
  readonly #console: RelayConsole;

  constructor(
    @Inject(SETTINGS) settings: ConsoleSettings,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(ApplicationConfig) application: ApplicationConfig,
    @Inject(ModuleRef) modules: ModuleRef,
    @Inject(DiscoveryService) discovery: DiscoveryService,
  ) {
    this.#settings = settings;
    this.#host = host;
    this.#application = application;
    this.#console = new RelayConsole(settings, modules, discovery);
  }

  /** @throws RelayConfigurationError, when the application starts */
  static forRoot(options: RelayConsoleOptions = {}): DynamicModule {
    return moduleOf([], { provide: SETTINGS, useFactory: () => readConsoleOptions(options) });
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: RelayConsoleAsyncOptions): DynamicModule {
    return moduleOf(imports, {
      provide: SETTINGS,
      inject,
      useFactory: async (...args: unknown[]) => readConsoleOptions(await useFactory(...args)),
    });
  }

  /**
   * Nest calls it when the application's own middleware stands (sessions, cookies), and before its routes. A process without a server, such
   * as a worker, has nothing to mount it on.
   */
  configure(): void {
    const { httpAdapter } = this.#host;
    if (!httpAdapter?.getInstance?.()) return;
    mountHandler(httpAdapter, this.#path, (...request) => void this.#console.handle(...request), 'console');
  }

  onModuleInit(): void {
    this.#console.open();
  }

  onModuleDestroy(): void {
    this.#console.close();
  }

  get #path(): string {
    const prefix = this.#application.getGlobalPrefix().replace(/^\/|\/$/g, '');
    return prefix === '' ? this.#settings.path : `/${prefix}${this.#settings.path}`;
  }
}

function moduleOf(
  imports: DynamicModule['imports'] & object,
  settings: NonNullable<DynamicModule['providers']>[number],
): DynamicModule {
  return { module: RelayConsoleModule, imports: [...imports, DiscoveryModule], providers: [settings] };
}
