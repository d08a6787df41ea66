import { randomUUID } from 'node:crypto';
import { type INestApplicationContext, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MailService, RelayModule, type RelayOptions } from '../../lib/index.js';
import { redisUrl } from './servers.js';

/** A Nest application with a relay, as a user would write it. */
export interface RelayApplication {
  app: INestApplicationContext;
  mail: MailService;
  close(): Promise<void>;
}

/**
 * Starts an application. Unless the options say otherwise, its queue is one of its own on the tests' Redis, and mails have a sender.
 */
export async function startRelay(options: RelayOptions, metadata: ModuleMetadata = {}): Promise<RelayApplication> {
  const queue = options.queue ?? { redis: await redisUrl(), name: `t-${randomUUID()}` };
  @Module({
    ...metadata,
    imports: [RelayModule.forRoot({ from: 'Acme <hello@acme.test>', ...options, queue }), ...(metadata.imports ?? [])],
  })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  return { app, mail: app.get(MailService), close: () => app.close() };
}
