import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { RelayModuleExtras, RelayOptions } from './relay-options.interface.js';
import { relayDefinition } from './relay.providers.js';
import { RELAY_OPTIONS } from './relay.tokens.js';

export const { ConfigurableModuleClass: ConfigurableRelayModule } = new ConfigurableModuleBuilder<RelayOptions>({
  optionsInjectionToken: RELAY_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createRelayOptions')
  .setExtras<RelayModuleExtras>({ name: undefined, isGlobal: true, configKey: undefined }, relayDefinition)
  .build();
