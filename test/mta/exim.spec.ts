import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MailServer } from '../support/mta/mail-server.js';
import { startExim } from '../support/mta/start-exim.js';
import { localhost } from '../support/tls/localhost.js';

let exim: MailServer;
beforeAll(async () => {
  exim = await startExim({
    host: '127.0.0.7',
    mailboxes: ['ada@acme.test', 'full@acme.test'],
    full: ['full@acme.test'],
  });
}, 300_000);
afterAll(() => exim?.stop());

test('takes a mail over TLS into the mailbox, and refuses whom it does not know', async () => {
  const { host, port } = exim;
  const client = createTransport({ host, port, tls: { ca: localhost.cert, servername: 'localhost' } });
  const mail = { from: 'hello@relay.test', subject: 'To Exim', text: 'Hello there.' };
  await client.sendMail({ ...mail, to: 'ada@acme.test' });
  const [received] = await exim.mails('ada@acme.test');
  expect(String(received)).toMatch(/^Subject: To Exim$/m);
  expect(String(received)).toMatch(/with esmtps/);
  await expect(client.sendMail({ ...mail, to: 'nobody@acme.test' })).rejects.toThrow(/ 550 5.1.1 /);
  await expect(client.sendMail({ ...mail, to: 'full@acme.test' })).rejects.toThrow(/ 451 4.2.2 /);
  await expect(client.sendMail({ ...mail, to: 'ada@elsewhere.test' })).rejects.toThrow(/ 550 5.7.1/);
});

test('greylists', async () => {
  const server = await startExim({ host: '127.0.0.7', mailboxes: ['ada@acme.test'], greylist: true });
  const client = createTransport({
    host: server.host,
    port: server.port,
    tls: { ca: localhost.cert, servername: 'localhost' },
  });
  const mail = { from: 'hello@relay.test', to: 'ada@acme.test', subject: 'To Exim', text: 'Hello there.' };
  try {
    await expect(client.sendMail(mail)).rejects.toThrow(/ 451 4.7.1 /);
    await client.sendMail(mail);
    await server.mails('ada@acme.test');
    await expect(client.sendMail({ ...mail, from: 'other@relay.test' })).rejects.toThrow(/ 451 4.7.1 /);
  } finally {
    await server.stop();
  }
});
