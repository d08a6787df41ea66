// A transport of one's own, registered in all three ways, with a route, a rate and the breaker.
import { setTimeout } from 'node:timers/promises';
import 'reflect-metadata';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { failover, MailService, MemoryTransport, registerTransportScheme, RelayModule } from 'nestjs-mail-relay';
import { AcmeServer } from './acme.server.js';
import { AcmeSettings } from './acme.settings.js';
import { AcmeTransport } from './acme.transport.js';

const acme = await AcmeServer.start();
const backup = new MemoryTransport();

// 1. By a URL scheme of its own.
registerTransportScheme('acme', {
  address: 'host',
  parameters: { timeout: 'duration' },
  create: ({ user, host, port, options }) =>
    new AcmeTransport(new AcmeSettings(`http://${host}:${port}`, user!, options['timeout'] as number | undefined)),
});

@Global()
@Module({
  providers: [{ provide: AcmeSettings, useFactory: () => new AcmeSettings(acme.url, 'secret-of-acme') }],
  exports: [AcmeSettings],
})
class SettingsModule {}

@Module({
  imports: [
    SettingsModule,
    RelayModule.forRoot({
      from: 'Acme <hello@acme.test>',
      transports: {
        byUrl: { use: `acme://secret-of-acme@127.0.0.1:${acme.port}?timeout=2s`, rate: '20/s' },
        // 2. As a class, for which Nest injects what it asks for.
        byClass: AcmeTransport,
        // 3. As an instance.
        byInstance: new AcmeTransport(new AcmeSettings(acme.url, 'secret-of-acme')),
        backup,
      },
      route: failover('byUrl', 'backup'),
      queue: { embedded: true },
    }),
  ],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const mail = app.get(MailService);

console.log('Each way to register it:');
for (const transport of ['byUrl', 'byClass', 'byInstance']) await send(transport, { transport });

console.log('\nAcme is down; mails take the backup, and nobody asks Acme after the third failure:');
acme.fault = (response) => void response.writeHead(503).end();
for (let count = 1; count <= 5; count++) await send(`mail ${count}`);

console.log('\nAcme is back, and so are the mails, once the breaker has tried it:');
acme.fault = undefined;
let way: string;
do {
  await setTimeout(250);
  way = await send('back');
} while (way !== 'byUrl');

console.log(`\nAcme took ${acme.mails.length} mails, the backup ${backup.messages.length}.`);
await app.close();
acme.close();

/** Sends a mail, waits for it, and says which way it took. */
async function send(subject: string, options: { transport?: string } = {}): Promise<string> {
  const { id } = await mail.send({ to: 'ada@example.test', subject, text: 'Hello there.', ...options });
  const { attempts, recipients } = await mail.wait(id, { timeout: '20s' });
  const passed =
    attempts
      .at(-1)!
      .passed?.map(({ transport, why }) => `, not ${transport}: ${why}`)
      .join('') ?? '';
  console.log(`  ${subject}: ${recipients[0]!.state} by ${attempts.at(-1)!.transport}${passed}`);
  return attempts.at(-1)!.transport;
}
