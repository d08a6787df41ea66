import 'reflect-metadata';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RelayModule } from 'nestjs-mail-relay';
import { ReportMail } from './report.mail.js';
import { Reports } from './reports.js';

@Module({
  imports: [
    RelayModule.forRoot({
      from: 'Acme <hello@acme.test>',
      transport: process.env.SMTP_URL!,
      templates: { dir: join(import.meta.dirname, 'mails') },
      queue: { redis: process.env.REDIS_URL! },
    }),
  ],
  providers: [ReportMail, Reports],
})
class WorkerModule {}

const app = await NestFactory.createApplicationContext(WorkerModule, { logger: ['log', 'warn', 'error'] });
app.enableShutdownHooks();
process.send?.({ ready: true });
