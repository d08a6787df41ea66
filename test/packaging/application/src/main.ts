import { NestFactory } from '@nestjs/core';
import { MailService } from 'nestjs-mail-relay';
import { AppModule, kept } from './app.module.js';
import { ReportMail } from './report.mail.js';
import { WelcomeMail } from './welcome.mail.js';

/** Sends through the embedded queue, and says what came out. */
async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
  const mail = app.get(MailService);
  const sent = [
    await mail.send(new WelcomeMail('Ada', 'pro'), { to: { name: 'Ada', email: 'ada@acme.test' } }),
    await mail.send(ReportMail, { to: 'bob@acme.test', data: { month: new Date(Date.UTC(2026, 4)) } }),
  ];
  for (const { id } of sent) await mail.wait(id, { timeout: '20s' });
  console.log(
    kept.messages
      .map(({ subject }) => subject)
      .toSorted()
      .join('; '),
  );
  await app.close();
}

void main();
