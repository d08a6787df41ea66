import { type DynamicModule, Module, type Type } from '@nestjs/common';
import type { RelayAsyncOptions, RelayModuleExtras, RelayOptions } from './relay-options.interface.js';
import { ConfigurableRelayModule } from './relay.module-definition.js';
import { featureDefinition } from './relay.providers.js';

/**
 * Gives an application a {@link MailService}. Global by default.
 *
 * @example
 * @Module({ imports: [RelayModule.forRoot({ from: 'Acme <hello@acme.test>', transport: 'smtp://user:password@smtp.acme.test' })] })
 * export class AppModule {}
 */
@Module({})
export class RelayModule extends ConfigurableRelayModule {
  /**
   * Without options: an embedded queue, and mails kept in a local inbox; nothing leaves the machine.
   *
   * @throws RelayConfigurationError at start, for what is wrong in the options
   */
  static override forRoot<const N extends string>(options: RelayOptions<N> & RelayModuleExtras = {}): DynamicModule {
    return super.forRoot(options as RelayOptions & RelayModuleExtras);
  }

  /** The same with `useFactory`, `useClass` or `useExisting`. */
  static override forRootAsync(options: RelayAsyncOptions): DynamicModule {
    return super.forRootAsync(options as Parameters<typeof ConfigurableRelayModule.forRootAsync>[0]);
  }

  /** Templates and mails of one feature, for the default relay. Templates are then named `<prefix>/<name>`. */
  static forFeature(options: { templates?: { dir: string; prefix?: string }; mails?: readonly Type[] }): DynamicModule {
    return featureDefinition(RelayModule, options);
  }
}
