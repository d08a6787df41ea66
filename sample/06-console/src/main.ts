import 'reflect-metadata';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MailService, RelayModule, SuppressionList } from 'nestjs-mail-relay';
import { RelayConsoleModule } from 'nestjs-mail-relay/console';
import { AcmeTransport } from './acme.transport.js';
import { NewsletterMail, WelcomeMail } from './mails.js';

@Module({
  imports: [
    RelayModule.forRoot({
      from: 'Acme <hello@acme.test>',
      transports: { acme: { use: new AcmeTransport(), rate: '50/s', quota: '10000/day' }, backup: 'memory:' },
      route: 'acme',
      templates: { dir: join(import.meta.dirname, 'mails') },
      queue: process.env['REDIS_URL'] ? { redis: process.env['REDIS_URL'] } : { embedded: true },
    }),
    RelayConsoleModule.forRoot(),
  ],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error'], forceCloseConnections: true });
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1');
const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
const mail = app.get(MailService);

const names = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Alan'];
for (const name of names)
  await mail.send(new WelcomeMail(name, 'pro'), {
    to: `${name.toLowerCase()}@example.test`,
    locale: name === 'Edsger' ? 'de' : 'en',
  });
await mail.send(new NewsletterMail('What is new in November'), {
  to: names.map((name) => `${name.toLowerCase()}@example.test`),
});
for (const name of ['busy', 'nobody'])
  await mail.send({ to: `${name}@example.test`, subject: `For ${name}`, text: 'Nobody will read this.' });
await mail.send({ to: 'later@example.test', subject: 'Tomorrow', text: 'A day later.', delay: '1d' });
await mail.send({
  to: 'mallory@example.test',
  subject: 'A mail that would like to do more',
  html: `<script>document.title='owned'</script><meta http-equiv="refresh" content="0;url=https://evil.test">
    <form action="https://evil.test"><input name="q"><button>Go</button></form>
    <style>body { background: url(https://evil.test/x.png) } @import "https://evil.test/x.css";</style>
    <svg onload="alert(1)"><script>alert(1)</script></svg><img src="https://evil.test/pixel.gif" onerror="alert(1)">
    <p onclick="alert(1)">Nothing of it happens.</p>`,
  attachments: [{ filename: 'report.txt', content: 'A report.' }],
});
await app.get(SuppressionList).add({ address: 'gone@example.test', reason: 'bounced' });
await mail.send({ to: 'gone@example.test', subject: 'To somebody who is gone', text: 'Hi.' });

console.log(`
Open http://localhost:${port}/relay to see what the relay does. Ctrl-C ends it.
`);
