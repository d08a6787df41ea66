import 'reflect-metadata';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { MailService } from 'nestjs-mail-relay';
import { AppModule } from './app.module.js';
import { Catcher } from './catcher.js';
import { SignupService } from './signup.service.js';

const catcher = new Catcher();
const smtpPort = await catcher.listen();
const app = await NestFactory.create(AppModule.register(smtpPort), {
  logger: ['log', 'warn', 'error'],
  // An open page must not keep the process alive.
  forceCloseConnections: true,
});
// So that Ctrl-C lets mails in flight finish.
app.enableShutdownHooks();
const port = await listen(Number(process.env.PORT ?? 3000));

const { id } = await app.get(SignupService).signup('Ada', 'ada@example.test');
const { recipients, attempts } = await app.get(MailService).wait(id, { timeout: '30s' });
console.log(`
One mail was queued, rendered by the worker and sent over SMTP to 127.0.0.1:${smtpPort}:
  ${recipients.map(({ address, state }) => `${address}: ${state}`).join(', ')} (${attempts.at(-1)?.outcome})

Open http://localhost:${port}/relay to see it, and http://localhost:${port} to send more. Ctrl-C ends it.
`);
process.once('SIGINT', () => void catcher.close());
process.once('SIGTERM', () => void catcher.close());

/** On the port that is asked for; when it is taken, on a free one. */
async function listen(wanted: number): Promise<number> {
  try {
    await app.listen(wanted, '127.0.0.1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    console.log(`Port ${wanted} is taken, so a free one it is.`);
    const server = app.getHttpServer() as Server;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  return ((app.getHttpServer() as Server).address() as AddressInfo).port;
}
