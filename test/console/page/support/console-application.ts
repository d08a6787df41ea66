import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type INestApplication, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RelayConsoleModule } from '../../../../lib/console.js';
import { MailService, RelayModule, type RelayOptions } from '../../../../lib/index.js';
import { redisUrl } from '../../../support/servers.js';

/** An application with a relay and its console, behind a global prefix. */
export interface ConsoleApplication {
  app: INestApplication;
  mail: MailService;
  /** Of the page. */
  url: string;
}

export async function startConsole(
  options: RelayOptions = {},
  metadata: ModuleMetadata = {},
): Promise<ConsoleApplication> {
  const queue = options.queue ?? { redis: await redisUrl(), name: `t-${randomUUID()}` };
  @Module({
    ...metadata,
    imports: [
      RelayModule.forRoot({ from: 'Acme <hello@acme.test>', transport: 'memory:', ...options, queue }),
      RelayConsoleModule.forRoot({ path: 'ops/mail' }),
      ...(metadata.imports ?? []),
    ],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false, forceCloseConnections: true });
  app.setGlobalPrefix('app');
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return { app, mail: app.get(MailService), url: `http://127.0.0.1:${port}/app/ops/mail/` };
}
