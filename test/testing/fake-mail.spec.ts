import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  Attach,
  Mail,
  type Mailable,
  MailError,
  MailService,
  MailTransport,
  RelayModule,
  type RelayOptions,
} from '../../lib/index.js';
import { fakeMail, MailAssertionError } from '../../lib/testing/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';

@Mail({ template: 'welcome', subject: 'Welcome, {{name}}' })
class WelcomeMail {
  constructor(readonly name: string) {}
  @Attach({ filename: 'terms.txt' }) terms() {
    return 'Terms';
  }
}

@Mail()
@Injectable()
class ReportMail implements Mailable<{ month: string }> {
  render({ month }: { month: string }) {
    return { subject: `Report for ${month}`, text: 'See https://acme.test/r?a=1&b=2.' };
  }
}

const TEMPLATE =
  '<h1>Hi {{name}}</h1><a class="b" href="https://acme.test/verify?a=1&amp;token=t">Verify</a> <a href=\'https://acme.test/help\'>Help</a>';

async function start(options: RelayOptions = {}, name?: string) {
  const dir = await temporaryFolder({ 'welcome.hbs': TEMPLATE });
  @Module({
    imports: [
      RelayModule.forRoot({
        name,
        from: 'hello@acme.test',
        // Neither of these is ever asked.
        queue: { redis: 'redis://127.0.0.1:1' },
        transport: 'smtp://127.0.0.1:1',
        templates: { dir },
        ...options,
      }),
    ],
    providers: [ReportMail],
  })
  class AppModule {}
  const builder = Test.createTestingModule({ imports: [AppModule] }).setLogger(false as never);
  const mailbox = fakeMail(builder, name);
  const app = await (await builder.compile()).init();
  onTestFinished(() => app.close());
  return { app, mailbox, mail: name ? undefined! : app.get(MailService) };
}

describe('fakeMail()', () => {
  it('keeps what is sent, rendered for real', async () => {
    const { mail, mailbox } = await start();
    const { id } = await mail.send(new WelcomeMail('Ada'), { to: 'Ada <ada@x.test>' });
    await mail.send(ReportMail, { to: 'bob@x.test', data: { month: 'May' } });
    await mailbox.settled();
    expect((await mail.status(id))!.recipients).toEqual([{ address: 'ada@x.test', state: 'sent' }]);
    const sent = mailbox.assertSent(WelcomeMail, { to: 'Ada@x.test', subject: 'Welcome, Ada', template: 'welcome' });
    expect(sent.html).toContain('Hi Ada');
    expect(sent.text).toContain('Hi Ada');
    expect(sent.links).toEqual(['https://acme.test/verify?a=1&token=t', 'https://acme.test/help']);
    expect(sent.link('verify').searchParams.get('token')).toBe('t');
    expect(sent.link(/help$/).pathname).toBe('/help');
    expect(sent.attachment('terms.txt')).toEqual({
      contentType: 'text/plain',
      content: new Uint8Array(Buffer.from('Terms')),
    });
    expect(mailbox.assertSent({ subject: /May/ }).links).toEqual(['https://acme.test/r?a=1&b=2.']);
    mailbox.assertNotSent(WelcomeMail, { to: 'bob@x.test' });
    mailbox.assertQueued(ReportMail);
    expect(mailbox.mails).toHaveLength(2);
    mailbox.clear();
    expect(mailbox.mails).toHaveLength(0);
    expect(() => mailbox.assertQueued(ReportMail)).toThrow('Queued: none');
  });

  it('says what was sent when an assertion fails', async () => {
    const { mail, mailbox } = await start();
    await mail.send(new WelcomeMail('Ada'), { to: 'ada@x.test' });
    await mailbox.settled();
    const failing = (run: () => unknown) => {
      expect(run).toThrow(MailAssertionError);
      return expect(run);
    };
    failing(() => mailbox.assertSent(ReportMail)).toThrow('WelcomeMail to ada@x.test: Welcome, Ada');
    failing(() => mailbox.assertNotSent(WelcomeMail)).toThrow('1 mails were sent with mail "WelcomeMail"');
    failing(() => mailbox.assertQueued({ to: 'eve@x.test' })).toThrow('No mail was queued with to "eve@x.test"');
    const sent = mailbox.assertSent();
    failing(() => sent.link('nope')).toThrow('https://acme.test/help');
    failing(() => sent.attachment('nope')).toThrow('terms.txt');
  });

  it('fails as it is told, and moves the clock for retries and scheduled mails', async () => {
    const { mail, mailbox } = await start();
    mailbox.failNext(new MailError('451 later', { scope: 'message', replyCode: 451 }));
    const { id } = await mail.send(new WelcomeMail('Ada'), { to: 'ada@x.test' });
    const later = await mail.send(new WelcomeMail('Bob'), { to: 'bob@x.test', delay: '2d' });
    await mailbox.settled();
    expect((await mail.status(id))!.recipients[0]).toMatchObject({
      state: 'deferred',
      error: { message: '451 later' },
    });
    mailbox.assertNotSent();
    mailbox.assertQueued(WelcomeMail, { to: 'bob@x.test' });
    await mailbox.advance('1m');
    mailbox.assertSent(WelcomeMail, { to: 'ada@x.test' });
    mailbox.assertNotSent(WelcomeMail, { to: 'bob@x.test' });
    await mailbox.advance('2d');
    const sent = mailbox.assertSent(WelcomeMail, { to: 'bob@x.test' });
    expect(sent.sentAt.getTime()).toBeGreaterThan(Date.now() + 47 * 3_600_000);
    expect((await mail.status(later.id))!.recipients[0]!.state).toBe('sent');
  });

  it('lets a mail expire within a moment', async () => {
    const { mail, mailbox } = await start({ retry: { maxAge: '1d' } });
    for (let attempt = 0; attempt < 1000; attempt++) mailbox.failNext(new MailError('451 later', { scope: 'message' }));
    const { id } = await mail.send(new WelcomeMail('Ada'), { to: 'ada@x.test' });
    await mailbox.advance('25h');
    expect((await mail.status(id))!.recipients[0]).toMatchObject({ state: 'bounced', error: { reason: 'expired' } });
  });

  it('still refuses what the real transport cannot carry, and what is wrong', async () => {
    class Plain extends MailTransport {
      override readonly capabilities = { tags: false as const };
      async send() {}
    }
    const { mail, mailbox } = await start({
      transport: undefined,
      transports: { plain: new Plain(), rich: 'memory:' },
    });
    const message = { to: 'ada@x.test', subject: 'x', text: 'x', tags: ['a'] };
    await expect(mail.send(message)).rejects.toThrow('transports that can: rich');
    await mail.send({ ...message, transport: 'rich' });
    await expect(mail.send({ ...message, transport: 'nope' })).rejects.toThrow('transport');
    await mailbox.settled();
    expect(mailbox.mails).toHaveLength(1);
  });

  it('says so when it fakes nothing', async () => {
    const { mailbox } = await start();
    await mailbox.settled();
    const misspelt = fakeMail(Test.createTestingModule({}), 'marketng');
    expect(() => misspelt.assertNotSent()).toThrow('no relay named "marketng"');
  });

  it('is one of its own for each application and each relay', async () => {
    const [first, second] = await Promise.all([start(), start()]);
    await first.mail.send(new WelcomeMail('Ada'), { to: 'ada@x.test' });
    await Promise.all([first.mailbox.settled(), second.mailbox.settled()]);
    expect([first.mailbox.mails.length, second.mailbox.mails.length]).toEqual([1, 0]);
    const named = await start({}, 'marketing');
    const { getMailServiceToken } = await import('../../lib/index.js');
    await named.app
      .get<MailService>(getMailServiceToken('marketing'))
      .send(new WelcomeMail('Ada'), { to: 'ada@x.test' });
    await named.mailbox.settled();
    named.mailbox.assertSent(WelcomeMail);
  });
});
