// `@nestjs/mail` as its README has it: pooled, no queue. It is told whom to send to, and says what came of it.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Mailer, MailModule, SmtpTransport } from '@nestjs/mail';

const { port } = JSON.parse(process.argv[2]);
const transport = new SmtpTransport({ host: '127.0.0.1', port, startTls: 'never', pool: { maxConnections: 5 } });
class AppModule {}
Module({ imports: [MailModule.forRoot({ from: 'hello@acme.test', transport })] })(AppModule);
const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
const mailer = app.get(Mailer);
process.on('message', ({ to }) => {
  process.send({ taken: to });
  mailer.send({ to, subject: 'Soak', text: `For ${to}` }).then(
    () => process.send({ arrived: to }),
    (error) => process.send({ failed: to, why: error.message }),
  );
});
process.on('uncaughtException', () => {});
process.send({ ready: true });
