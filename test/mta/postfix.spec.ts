import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPostfix, type Postfix } from '../support/mta/start-postfix.js';
import { startSmtpServer } from '../support/smtp/start-smtp-server.js';
import { localhost } from '../support/tls/localhost.js';
import { smtpSource } from '../support/mta/smtp-source.js';

let postfix: Postfix;
beforeAll(async () => {
  postfix = await startPostfix({ host: '127.0.0.5', mailboxes: ['ada@acme.test', 'bob@acme.test', 'dé@acme.test'] });
}, 300_000);
afterAll(() => postfix?.stop());

test('takes a mail over TLS into the mailbox, and refuses whom it does not know', async () => {
  const { host, port } = postfix;
  const client = createTransport({ host, port, tls: { ca: localhost.cert, servername: 'localhost' } });
  const mail = { from: 'hello@relay.test', subject: 'To Postfix', text: 'Hello there.' };
  await client.sendMail({ ...mail, to: 'ada@acme.test' });
  const [received] = await postfix.mails('ada@acme.test');
  expect(String(received)).toMatch(/^Subject: To Postfix$/m);
  expect(String(received)).toMatch(/using TLSv1/);
  await expect(client.sendMail({ ...mail, to: 'nobody@acme.test' })).rejects.toThrow('550 5.1.1');
  await expect(client.sendMail({ ...mail, to: 'ada@elsewhere.test' })).rejects.toThrow('554 5.7.1');
});

test('hands all mail to its smart host, with a password over TLS', async () => {
  const auth = { user: 'acme', pass: 'secret' };
  const server = await startSmtpServer({ auth });
  const client = await startPostfix({ smartHost: { host: server.host, port: server.port, auth, tls: 'starttls' } });
  try {
    await client.send({
      from: 'ada@acme.test',
      to: ['bob@x.test'],
      raw: 'Subject: By sendmail\r\n\r\n.\r\nHello.\r\n',
    });
    const { raw, user, secure, envelope } = await server.next();
    expect(String(raw)).toMatch(/^Subject: By sendmail\r\n[^]*\r\n\r\n\.\r\nHello\.\r\n$/m);
    expect({ user, secure, envelope }).toEqual({ user: 'acme', secure: true, envelope: { from: 'ada@acme.test', to: ['bob@x.test'] } }); // prettier-ignore
    await client.logged(/status=sent \(250/);
  } finally {
    await client.stop();
    await server.close();
  }
});

test('keeps in its queue what the smart host does not take yet', async () => {
  const client = await startPostfix({ smartHost: { host: '127.0.0.1', port: 1 } });
  try {
    await client.send({ from: 'ada@acme.test', to: ['bob@x.test'], raw: 'Subject: Later\n\nHello.\n' });
    await client.logged(/status=deferred .*Connection refused/);
    expect(await client.queue()).toMatchObject([{ sender: 'ada@acme.test', recipients: [{ address: 'bob@x.test' }] }]);
  } finally {
    await client.stop();
  }
});

test('sends many mails by smtp-source', async () => {
  await smtpSource({ host: postfix.host, port: postfix.port, from: 'load@relay.test', to: 'bob@acme.test', messages: 50, sessions: 5, size: 2_000 }); // prettier-ignore
  expect(await postfix.mails('bob@acme.test', 50)).toHaveLength(50);
});
