import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { byDomain, type DeliveryNotifications, MailFeedback, parseBounce, type RelayOptions } from '../../lib/index.js';
import { type RelayApplication, startRelay } from '../support/relay-application.js';
import { redisUrl } from '../support/servers.js';
import { FaultySmtpServer } from '../support/smtp/faulty-smtp-server.js';
import { type RunningSmtpServer, startSmtpServer } from '../support/smtp/start-smtp-server.js';

const RAW =
  'From: Ada <ada@acme.test>\r\nTo: bob@x.test\r\nSubject: Plans\r\nMessage-ID: <plans@acme.test>\r\n\r\nHello Bob\r\n';

const KEY = randomBytes(32).toString('base64');

/** What a sender is told of his message. */
describe('A submitted message', () => {
  let relay: RelayApplication | undefined;
  let home: RunningSmtpServer;
  let away: FaultySmtpServer;

  afterEach(async () => {
    await relay?.close();
    await home.close();
    await away.close();
  });

  async function start(options: Partial<RelayOptions> = {}): Promise<RelayApplication> {
    home = await startSmtpServer({ tls: 'none' });
    away = await FaultySmtpServer.start();
    relay = await startRelay({
      transports: { home: home.url, away: `smtp://${away.host}:${away.port}?tls=never&messagesPerConnection=1` },
      route: byDomain({ 'acme.test': 'home', '*': 'away' }),
      ...options,
    });
    return relay;
  }

  async function submit(
    to: string[],
    notify: boolean | DeliveryNotifications = true,
    from = 'ada@acme.test',
  ): Promise<string> {
    const { id } = await relay!.mail.sendRaw(Buffer.from(RAW), { envelope: { from, to }, notify });
    return id;
  }

  it('that finally fails is reported to its sender, with the words of the server', async () => {
    await start();
    away.script = { rcpt: ({ address }) => (address === 'bob@x.test' ? '550 5.1.1 No Bob here' : undefined) };
    await submit(['bob@x.test', 'eve@x.test']);
    const mail = await home.next();
    expect(mail.envelope).toEqual({ from: '', to: ['ada@acme.test'] });
    const parsed = await mail.parsed();
    expect(parsed.from?.text).toBe('"Mail Delivery System" <mailer-daemon@acme.test>');
    expect(parsed.subject).toBe('Not delivered: Plans');
    expect(parsed.headers.get('auto-submitted')).toBe('auto-replied');
    expect(parsed.inReplyTo).toBe('<plans@acme.test>');
    const text = mail.raw.toString();
    expect(text).toContain(
      'Final-Recipient: rfc822; bob@x.test\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 No Bob here\r\n',
    );
    expect(text).toContain('Content-Type: text/rfc822-headers');
    expect(text).not.toContain('Hello Bob');
    expect(text).not.toContain('eve@x.test>');
    // Its readers understand it, we among them.
    expect(await parseBounce(mail.raw)).toMatchObject({
      kind: 'bounce',
      originalMessageId: '<plans@acme.test>',
      recipients: [{ address: 'bob@x.test', action: 'failed', status: '5.1.1', permanent: true }],
    });
  });

  it('comes back as a whole, by its names, when the client asked for that', async () => {
    await start();
    away.script = { dot: '554 5.6.0 No' };
    await submit(['bob@x.test'], {
      ret: 'FULL',
      envid: 'QQ314+1',
      // However his domain is written.
      recipients: { 'bob@X.test': { notify: ['FAILURE'], orcpt: 'rfc822;robert@y.test' } },
    });
    const text = (await home.next()).raw.toString();
    expect(text).toContain('Original-Envelope-Id: QQ314+1');
    expect(text).toContain('Original-Recipient: rfc822; robert@y.test');
    expect(text).toContain('Content-Type: message/rfc822');
    expect(text).toContain('Hello Bob');
  });

  it('is reported once when it is late, and again when it has expired', async () => {
    await start({
      notifications: { delayAfter: 1, from: 'Post <post@acme.test>' },
      retry: { delay: 20, maxDelay: 40, maxAge: '2s' },
    });
    away.script = { rcpt: '450 4.2.2 Mailbox full' };
    const id = await submit(['bob@x.test']);
    const late = await home.next();
    expect((await late.parsed()).from?.text).toBe('"Post" <post@acme.test>');
    expect(late.raw.toString()).toContain('Action: delayed\r\nStatus: 4.2.2\r\n');
    expect(late.raw.toString()).toContain('Will-Retry-Until:');
    await relay!.mail.wait(id);
    const failed = await home.next();
    expect(failed.raw.toString()).toContain('Action: failed\r\nStatus: 5.4.7\r\n');
    expect(home.mails).toHaveLength(2);
  });

  it('is late once, though fewer and fewer wait for it', async () => {
    await start({ notifications: { delayAfter: 1 }, retry: { delay: 20, maxDelay: 40, maxAge: '1s' } });
    let asked = 0;
    away.script = {
      rcpt: ({ address }) => (address === 'bob@x.test' && ++asked > 3 ? undefined : '450 4.2.2 Mailbox full'),
    };
    const id = await submit(['bob@x.test', 'eve@x.test']);
    await relay!.mail.wait(id);
    const actions = (await home.waitFor(2)).map(({ raw }) => /^Action: \w+/m.exec(raw.toString())![0]);
    expect(actions).toEqual(['Action: delayed', 'Action: failed']);
  });

  it('is late too where it has not come to a transport', async () => {
    await start({
      notifications: { delayAfter: 1 },
      retry: { delay: 20, maxDelay: 40 },
      route: ({ envelope }) => {
        if (envelope.to.includes('bob@x.test')) throw new Error('not yet');
        return 'home';
      },
    });
    const id = await submit(['bob@x.test']);
    expect((await home.next()).raw.toString()).toContain('Action: delayed\r\n');
    await relay!.mail.cancel(id);
  });

  it('is told of in words of any language, by whatever name', async () => {
    await start({
      notifications: { from: '"Büro, Acme" <post@acme.test>' },
      queue: { redis: await redisUrl(), name: `t-${randomUUID()}`, encryption: { keys: [KEY] } },
    });
    away.script = { rcpt: '550 5.1.1 No' };
    const raw = RAW.replace('Plans', 'x'.repeat(2_000)).replace('Hello Bob', 'Grüße');
    await relay!.mail.sendRaw(Buffer.from(raw.replace('Ada', 'Ädä')), {
      envelope: { from: 'ädä@acme.test', to: ['bob@x.test'] },
      notify: { ret: 'FULL' },
    });
    const mail = await home.next();
    const parsed = await mail.parsed();
    expect(parsed.from?.value).toEqual([{ name: 'Büro, Acme', address: 'post@acme.test' }]);
    expect(parsed.subject).toMatch(/^Not delivered: x{500}$/);
    expect(mail.raw.toString()).toContain('\r\nTo: <ädä@acme.test>\r\n');
    expect(mail.raw.toString()).toMatch(
      /^Content-Type: multipart\/report;[^]*?\r\nContent-Transfer-Encoding: 8bit\r\n[^]*?\r\n\r\n/m,
    );
    // RFC 6533.
    expect(mail.raw.toString()).toContain('Content-Type: message/global\r\n');
    expect(mail.raw.toString()).toContain('Grüße');
    expect(await parseBounce(mail.raw)).toMatchObject({ originalMessageId: '<plans@acme.test>' });
  });

  it('goes to the others at once, where its sender cannot be told', async () => {
    await start({ route: byDomain({ 'x.test': 'away', 'y.test': 'home' }) });
    away.script = { rcpt: '550 5.1.1 No' };
    const id = await submit(['bob@x.test', 'eve@y.test']);
    const { recipients } = await relay!.mail.wait(id, { timeout: '3s' });
    expect(recipients.map(({ state }) => state)).toEqual(['bounced', 'sent']);
  });

  it('is told of as sent only where the next server does not do that', async () => {
    await start();
    const success = {
      envid: 'a b',
      recipients: { 'bob@x.test': { notify: ['SUCCESS', 'FAILURE'] as const, orcpt: 'rfc822;b+x@y.test' } },
    };
    await submit(['bob@x.test'], success);
    expect((await home.next()).raw.toString()).toContain('Action: relayed\r\nStatus: 2.0.0\r\n');
    away.extensions = ['PIPELINING', 'DSN'];
    const id = await submit(['bob@x.test'], { ...success, ret: 'HDRS' });
    await relay!.mail.wait(id);
    expect(away.commands.slice(-4)).toEqual(
      expect.arrayContaining([
        'MAIL FROM:<ada@acme.test> RET=HDRS ENVID=a+20b',
        'RCPT TO:<bob@x.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Bx@y.test',
      ]),
    );
    expect(home.mails).toHaveLength(1);
  });

  it('says nothing to the null sender, to one who wants to hear nothing, or where nobody asked', async () => {
    const queue = { redis: await redisUrl(), name: `t-${randomUUID()}` };
    await start({ queue });
    away.script = { rcpt: '550 5.1.1 No' };
    const ids = [
      await submit(['a@x.test'], true, ''),
      await submit(['b@x.test'], { recipients: { 'b@x.test': { notify: ['NEVER'] } } }),
      await submit(['c@x.test'], false),
    ];
    for (const id of ids) await relay!.mail.wait(id);
    // What is under way is finished: a notice would be in the queue now, before this mail.
    await relay!.close();
    relay = await startRelay({ transport: home.url, queue });
    const last = await relay.mail.send({ to: 'eve@acme.test', subject: 'Last', text: '.' });
    await relay.mail.wait(last.id);
    expect(home.mails.map(({ envelope }) => envelope.to)).toEqual([['eve@acme.test']]);
  });

  it('goes out with a signed return path, and a bounce that comes back to it goes on to the sender', async () => {
    await start({ bounces: { address: 'bounces@acme.test', secret: 'a secret of some length' } });
    const id = await submit(['bob@x.test']);
    await relay!.mail.wait(id);
    const { from } = away.mails[0]!;
    expect(from).toMatch(/^bounces\+.+@acme\.test$/);
    const report = [
      `To: ${from}`,
      'Content-Type: multipart/report; report-type=delivery-status; boundary=x',
      '',
      '--x',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; x.test',
      '',
      'Final-Recipient: rfc822; bob@x.test',
      'Action: failed',
      'Status: 5.2.1',
      'Diagnostic-Code: smtp; 550 5.2.1 Bob has left',
      '',
      '--x--',
    ].join('\r\n');
    await relay!.app.get(MailFeedback).ingest(report);
    const notice = (await home.next()).raw.toString();
    expect(notice).toContain('To: <ada@acme.test>');
    expect(notice).toContain('Action: failed\r\nStatus: 5.2.1\r\n');
    expect(notice).toContain('Bob has left');
  });
});
