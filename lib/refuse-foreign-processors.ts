import type { DiscoveryService } from '@nestjs/core';
import { RelayConfigurationError } from './errors/relay-configuration.error.js';

/** A `@Processor()` of the application on the relay's queue would take mails away from it, and lose them. */
export function refuseForeignProcessors(discovery: DiscoveryService, queueName: string): void {
  for (const { metatype, instance } of discovery.getProviders()) {
    const type = typeof metatype === 'function' ? metatype : (instance as object | undefined)?.constructor;
    if (typeof type !== 'function') continue;
    const metadata = Reflect.getMetadata(PROCESSOR_METADATA, type) as { name?: string } | undefined;
    if (metadata?.name !== queueName) continue;
    throw new RelayConfigurationError(
      `@Processor(${JSON.stringify(queueName)})`,
      `${type.name} would take mails from the relay's own worker; remove it, and use interceptors or @InjectQueue(RELAY_QUEUE) to look at mails`,
    );
  }
}

/** Where @nestjs/bullmq keeps what `@Processor()` says; not exported there. */
const PROCESSOR_METADATA = 'bullmq:processor_metadata';
