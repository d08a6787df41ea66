import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { DirectTransportOptions, MailService } from '../../../lib/index.js';
import { startExim } from '../../support/mta/start-exim.js';
import { startOpenSmtpd } from '../../support/mta/start-opensmtpd.js';
import { startPostfix } from '../../support/mta/start-postfix.js';
import { eventually } from '../../support/recorder.js';
import { localhost } from '../../support/tls/localhost.js';
import { arrived, closeRelays, directRelay, received, sent, signaturesOf } from './direct-relay.js';
import { CROWD, EXIM_SIZE, type MailServers, startMailServers } from './mail-servers.js';

let servers: MailServers;
beforeAll(async () => {
  servers = await startMailServers();
}, 300_000);
afterAll(() => servers?.stop());

/** An application that delivers directly. */
function relay(options?: DirectTransportOptions): Promise<MailService> {
  return directRelay(servers.dns, servers.port, options);
}

describe('Postfix, Exim and OpenSMTPD', () => {
  it('get one message to all of them, whole and with good signatures, over TLS where they have it', async () => {
    const mail = await relay();
    const to = ['ada@postfix.test', 'bob@postfix.test', 'ada@exim.test', 'ada@opensmtpd.test'];
    const text = `.\n..\n. dots, Grüße, ${'long '.repeat(400)}\nFrom me\n\nand lines that end in blanks  \n`;
    const content = Buffer.from(Array.from({ length: 30_000 }, (_, index) => (index * 7) % 256));
    const { subject, recipients } = await sent(mail, to, { text, attachments: [{ filename: 'a.bin', content }] });
    expect(recipients).toEqual(to.map((address) => ({ address, state: 'sent' })));
    const mails = await Promise.all([
      arrived(servers.postfix, 'ada@postfix.test', subject),
      arrived(servers.postfix, 'bob@postfix.test', subject),
      arrived(servers.exim, 'ada@exim.test', subject),
      arrived(servers.opensmtpd, 'ada@opensmtpd.test', subject),
    ]);
    for (const raw of mails) {
      expect(await signaturesOf(raw)).toEqual(['pass', 'pass']);
      const parsed = await simpleParser(raw);
      expect(parsed.text).toBe(text);
      expect(parsed.attachments[0]!.content.equals(content)).toBe(true);
      expect(String(raw)).toMatch(/^Return-path: <hello@acme\.test>$/im);
      expect(received(raw)).toContain('out.acme.test');
    }
    expect(received(mails[0])).toMatch(/using TLSv1\.3/);
    expect(received(mails[2])).toMatch(/with esmtps /);
    expect(received(mails[3])).toMatch(/with ESMTP/);
  });

  it.each([
    ['Postfix', 'postfix.test', '5.1.1'],
    ['Exim', 'exim.test', '5.1.1'],
    ['OpenSMTPD', 'opensmtpd.test', undefined],
  ])('refuse whom they do not know, and only him: %s', async (_name, domain, enhancedCode) => {
    const mail = await relay();
    const { recipients } = await sent(mail, [`nobody@${domain}`, `ada@${domain}`]);
    expect(recipients).toMatchObject([
      { state: 'bounced', error: { replyCode: 550, reason: 'bad-address', ...(enhancedCode && { enhancedCode }) } },
      { state: 'sent' },
    ]);
  });

  it('are tried again for a mailbox that is full, without a second mail to the others', async () => {
    const mail = await relay();
    const { id } = await mail.send({ to: ['full@exim.test', 'bob@exim.test'], subject: 'Full', text: 'x' });
    const status = await eventually(
      async () => (await mail.status(id))!,
      // Not while the next attempt is under way.
      ({ attempts, recipients }) => attempts.length > 1 && recipients[0]!.state === 'deferred',
    );
    expect(status.recipients).toMatchObject([
      { state: 'deferred', error: { enhancedCode: '4.2.2', reason: 'mailbox-full' } },
      { state: 'sent' },
    ]);
    const mails = await servers.exim.mails('bob@exim.test');
    expect(mails.filter((raw) => raw.includes('\nSubject: Full\n'))).toHaveLength(1);
    await mail.cancel(id);
  });

  it('are not sent what is larger than they take', async () => {
    const mail = await relay();
    const attachments = [{ filename: 'a.bin', content: Buffer.alloc(EXIM_SIZE) }];
    const { recipients } = await sent(mail, ['ada@exim.test', 'ada@postfix.test'], { attachments });
    expect(recipients).toMatchObject([
      { state: 'bounced', error: { reason: 'too-large', enhancedCode: '5.3.4' } },
      { state: 'sent' },
    ]);
  });

  it('get a message to many of their users once, over a connection that is kept', async () => {
    const mail = await relay();
    const before = servers.postfix.log().length;
    const { subject, recipients } = await sent(mail, CROWD);
    expect(recipients.every(({ state }) => state === 'sent')).toBe(true);
    await Promise.all(CROWD.map((address) => arrived(servers.postfix, address, subject)));
    for (let index = 0; index < 5; index++) await sent(mail, 'ada@postfix.test');
    await closeRelays();
    await eventually(
      async () => servers.postfix.log().slice(before),
      (log) => /disconnect from/.test(log),
    );
    const log = servers.postfix.log().slice(before);
    expect(log.match(/nrcpt=60 \(queue active\)/g)).toHaveLength(1);
    expect(log.match(/disconnect from .*/g)).toEqual([
      // Twice, since nothing of what is said in clear counts (RFC 3207 section 4.2).
      expect.stringMatching(/ehlo=2 starttls=1 mail=6 rcpt=65 data=6 quit=1/),
    ]);
  });

  it('get a message for more users than they take at once in as many transactions as it takes', async () => {
    const { port } = servers;
    const settings = { smtpd_recipient_limit: 25 };
    const server = await startPostfix({ host: '127.0.0.26', port, mailboxes: CROWD, settings });
    onTestFinished(() => server.stop());
    servers.dns.zone['postfix.test'] = { A: '127.0.0.26' };
    onTestFinished(() => void (servers.dns.zone['postfix.test'] = { A: '127.0.0.21' }));
    const { recipients, attempts } = await sent(await relay(), CROWD);
    expect(recipients.every(({ state }) => state === 'sent')).toBe(true);
    expect(attempts).toHaveLength(1);
    for (const address of CROWD) expect(await server.mails(address)).toHaveLength(1);
    const transactions = [...server.log().matchAll(/nrcpt=(\d+) \(queue active\)/g)].map(([, users]) => Number(users));
    expect(transactions).toEqual([25, 25, 10]);
  });

  it('get the next message over a new connection when they end one after some', async () => {
    const { port } = servers;
    const settings = { smtp_accept_max_per_connection: 2 };
    const server = await startExim({ host: '127.0.0.27', port, mailboxes: ['ada@short.test'], settings });
    onTestFinished(() => server.stop());
    servers.dns.zone['short.test'] = { A: '127.0.0.27' };
    const mail = await relay();
    for (let message = 1; message <= 5; message++) {
      const { attempts, recipients } = await sent(mail, 'ada@short.test');
      expect(recipients).toMatchObject([{ state: 'sent' }]);
      expect(attempts).toHaveLength(1);
    }
    expect(await server.mails('ada@short.test', 5)).toHaveLength(5);
    expect(server.log()).toMatch(/too many messages/i);
  });

  it('get mail for addresses with letters beyond ASCII where they speak SMTPUTF8', async () => {
    const mail = await relay();
    const { subject, recipients } = await sent(mail, ['dörte@postfix.test', 'jürgen@opensmtpd.test']);
    expect(recipients).toMatchObject([
      { address: 'dörte@postfix.test', state: 'sent' },
      { address: 'jürgen@opensmtpd.test', state: 'bounced', error: { enhancedCode: '5.6.7', reason: 'smtputf8' } },
    ]);
    const raw = await arrived(servers.postfix, 'dörte@postfix.test', subject);
    expect(received(raw)).toContain('with UTF8SMTPS');
    expect(await signaturesOf(raw)).toEqual(['pass', 'pass']);
  });

  it('get their mail when their TLS is broken, as OpenSMTPD 6.8 with OpenSSL 3: in clear, unless TLS must be', async () => {
    const { port } = servers;
    const server = await startOpenSmtpd({ host: '127.0.0.24', port, mailboxes: ['ada@broken.test'], tls: localhost });
    onTestFinished(() => server.stop());
    servers.dns.zone['broken.test'] = { A: '127.0.0.24' };
    const { subject, recipients } = await sent(await relay(), 'ada@broken.test');
    expect(recipients).toMatchObject([{ state: 'sent' }]);
    const raw = await arrived(server, 'ada@broken.test', subject);
    // A later OpenSMTPD has TLS that works.
    if (/\bTLS/.test(received(raw))) return;
    expect(server.log()).toContain('SSL routines::EVP lib');

    const strict = await relay({ tls: 'required' });
    const { id } = await strict.send({ to: 'ada@broken.test', subject: 'Never in clear', text: 'x' });
    const status = await eventually(
      async () => (await strict.status(id))!,
      ({ attempts }) => attempts.length > 0,
    );
    expect(status.recipients).toMatchObject([{ state: 'deferred' }]);
    await strict.cancel(id);
    expect(await server.mails('ada@broken.test')).toHaveLength(1);
  });

  it('are found again when they were started anew and the connection that was kept is gone', async () => {
    const { port } = servers;
    const options = { host: '127.0.0.25', port, mailboxes: ['ada@restarted.test'] };
    servers.dns.zone['restarted.test'] = { A: '127.0.0.25' };
    const mail = await relay();
    for (let run = 0; run < 2; run++) {
      const server = await startExim(options);
      try {
        const { subject, recipients } = await sent(mail, 'ada@restarted.test');
        expect(recipients).toEqual([{ address: 'ada@restarted.test', state: 'sent' }]);
        await arrived(server, 'ada@restarted.test', subject);
      } finally {
        await server.stop();
      }
    }
  });
});
