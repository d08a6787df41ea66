import 'reflect-metadata';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, {
  logger: ['log', 'warn', 'error'],
  // An open page must not keep the process alive.
  forceCloseConnections: true,
});
// So that Ctrl-C lets mails in flight finish.
app.enableShutdownHooks();
await app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
console.log(`
Open http://localhost:${port}: send mails, press the buttons, and see their stories grow. Nothing leaves this machine. Ctrl-C ends it.
`);
