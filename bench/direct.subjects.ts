import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Mailer, MailModule, SmtpTransport } from '@nestjs/mail';
import Handlebars from 'handlebars';
import { FROM, HTML, recipient, TEXT, welcome } from './mails.js';
import { pooled } from './pooled.js';

/** nodemailer's pool, with no queue. */
export function nodemailerPool(
  port: number,
  connections: number,
): { send(index: number): Promise<unknown>; close(): void } {
  const transport = pooled(port, connections);
  return {
    send: (index) => transport.sendMail({ from: FROM, ...rendered(index) }),
    close: () => transport.close(),
  };
}

/** `@nestjs/mail` with its pool, which has no queue. */
export async function nestMail(
  port: number,
  connections: number,
): Promise<{ send(index: number): Promise<unknown>; close(): Promise<void> }> {
  const transport = new SmtpTransport({
    host: '127.0.0.1',
    port,
    startTls: 'never',
    pool: { maxConnections: connections, maxMessages: 1_000_000 },
  });
  @Module({ imports: [MailModule.forRoot({ from: FROM, transport })] })
  class DirectModule {}
  const app = await NestFactory.createApplicationContext(DirectModule, { logger: ['error'] });
  const mailer = app.get(Mailer);
  return {
    send: (index) => mailer.send(rendered(index)),
    close: () => app.close(),
  };
}

/** The same words, rendered by templates that were compiled once. */
const rendered = (() => {
  const html = Handlebars.compile(HTML);
  const text = Handlebars.compile(TEXT, { noEscape: true });
  return (index: number) => {
    const context = welcome(index);
    return {
      to: recipient(index),
      subject: `Welcome, ${context.name}`,
      html: html(context),
      text: text(context),
    };
  };
})();
