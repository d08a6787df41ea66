import { Test } from '@nestjs/testing';
import { MailService } from 'nestjs-mail-relay';
import { fakeMail } from 'nestjs-mail-relay/testing';
import { AppModule } from './app.module.js';
import { WelcomeMail } from './welcome.mail.js';

/** What a test does, with no test runner around it. */
async function check(): Promise<void> {
  const builder = Test.createTestingModule({ imports: [AppModule] });
  const mailbox = fakeMail(builder);
  const app = await (await builder.compile()).init();
  await app.get(MailService).send(new WelcomeMail('Ada', 'pro'), { to: 'ada@acme.test' });
  await mailbox.settled();
  const sent = mailbox.assertSent(WelcomeMail);
  console.log(sent.text.split('\n').at(-1), Buffer.from(sent.attachment('terms.txt').content).toString());
  await app.close();
}

void check();
