import { join } from 'node:path';
import { type DynamicModule, Module } from '@nestjs/common';
import { RelayModule } from 'nestjs-mail-relay';
import { RelayConsoleModule } from 'nestjs-mail-relay/console';
import { SignupController } from './signup.controller.js';
import { SignupService } from './signup.service.js';

@Module({})
export class AppModule {
  static register(smtpPort: number): DynamicModule {
    return {
      module: AppModule,
      imports: [
        RelayModule.forRoot({
          from: 'Acme <hello@acme.test>',
          transport: `smtp://127.0.0.1:${smtpPort}`,
          templates: { dir: join(import.meta.dirname, 'mails') },
          // No `queue`: embedded, durable in the folder .mail-relay/queue.
        }),
        // The page at /relay: what was sent, what waits, and what became of it.
        RelayConsoleModule.forRoot(),
      ],
      controllers: [SignupController],
      providers: [SignupService],
    };
  }
}
