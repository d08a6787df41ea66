import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MailServer } from '../support/mta/mail-server.js';
import { startOpenSmtpd } from '../support/mta/start-opensmtpd.js';

let opensmtpd: MailServer;
beforeAll(async () => {
  opensmtpd = await startOpenSmtpd({ host: '127.0.0.6', mailboxes: ['ada@acme.test'] });
}, 300_000);
afterAll(() => opensmtpd?.stop());

test('takes a mail into the mailbox, and refuses whom it does not know', async () => {
  const { host, port } = opensmtpd;
  const client = createTransport({ host, port });
  const mail = { from: 'hello@relay.test', subject: 'To OpenSMTPD', text: 'Hello there.' };
  await client.sendMail({ ...mail, to: 'ada@acme.test' });
  const [received] = await opensmtpd.mails('ada@acme.test');
  expect(String(received)).toMatch(/^Subject: To OpenSMTPD$/m);
  await expect(client.sendMail({ ...mail, to: 'nobody@acme.test' })).rejects.toThrow(/ 550 /);
  await expect(client.sendMail({ ...mail, to: 'ada@elsewhere.test' })).rejects.toThrow(/ 550 /);
  expect(opensmtpd.log()).toContain('RCPT TO:<nobody@acme.test>');
});
