import { afterEach, describe, expect, it } from 'vitest';
import { type MailMessage, MailTransport } from '../../lib/index.js';
import { type RelayApplication, startRelay } from '../support/relay-application.js';
import { type RunningSmtpServer, startSmtpServer } from '../support/smtp/start-smtp-server.js';

const SIGNED = [
  'DKIM-Signature: v=1; a=rsa-sha256; d=acme.test; s=s1; h=from:subject;',
  '\tbh=abc=; b=def=',
  'From: =?utf-8?q?Gr=C3=A4fin?= <ada@acme.test>',
  'To: Team: bob@x.test, "Eve, E." <eve@x.test>;',
  'Bcc: hidden@x.test,',
  ' also@x.test',
  'Subject: =?utf-8?b?w4TDtsO8?=',
  'Message-ID: <own@acme.test>',
  'Date: Fri, 27 Nov 2026 10:00:00 +0000',
  'In-Reply-To: <before@x.test>',
  'X-Mailer: Some client',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: multipart/alternative; boundary=c',
  '',
  '--c',
  'Content-Type: text/plain; charset=iso-8859-1',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  'Gr=FC=DFe  =20',
  '.',
  '--c',
  'Content-Type: text/html',
  '',
  '<p>Hi <img src="cid:i@x"></p>',
  '--c--',
  '--b',
  'Content-Type: text/plain; name=a.txt',
  'Content-Disposition: attachment; filename=a.txt',
  'Content-Transfer-Encoding: base64',
  '',
  'aGVsbG8=',
  '--b--',
  '',
].join('\r\n');

describe('sendRaw()', () => {
  let relay: RelayApplication | undefined;
  let server: RunningSmtpServer | undefined;

  afterEach(async () => {
    await relay?.close();
    await server?.close();
  });

  it('hands on every byte but those of Bcc', async () => {
    server = await startSmtpServer({ tls: 'none' });
    relay = await startRelay({ transport: server.url });
    const envelope = { from: 'bounce@acme.test', to: ['bob@x.test', 'hidden@x.test'] };
    const { id, messageId } = await relay.mail.sendRaw(Buffer.from(SIGNED), { envelope, tags: ['imported'] });
    const mail = await server.next();
    expect(mail.raw.toString()).toBe(SIGNED.replace('Bcc: hidden@x.test,\r\n also@x.test\r\n', ''));
    expect(mail.envelope).toEqual({ from: 'bounce@acme.test', to: ['bob@x.test', 'hidden@x.test'] });
    expect(messageId).toBe('<own@acme.test>');
    expect((await relay.mail.wait(id)).recipients.map(({ state }) => state)).toEqual(['sent', 'sent']);
    // It is found by its own Message-ID.
    expect((await relay.mail.status('<own@acme.test>'))?.id).toBe(id);
  });

  it('knows a Message-ID with a comment', async () => {
    relay = await startRelay({ transport: 'memory:', worker: false });
    const raw = SIGNED.replace('<own@acme.test>', '<own@acme.test> (added by a list)');
    const envelope = { from: 'eve@acme.test', to: ['bob@x.test'] };
    expect((await relay.mail.sendRaw(Buffer.from(raw), { envelope })).messageId).toBe('<own@acme.test>');
  });

  it('takes out Resent-Bcc too', async () => {
    server = await startSmtpServer({ tls: 'none' });
    relay = await startRelay({ transport: server.url });
    const raw = `Resent-From: eve@acme.test\r\nResent-Bcc: hidden@x.test\r\n${SIGNED}`;
    await relay.mail.sendRaw(Buffer.from(raw), { envelope: { from: 'eve@acme.test', to: ['hidden@x.test'] } });
    const text = (await server.next()).raw.toString();
    expect(text).toMatch(/^Resent-From: eve@acme\.test\r\n/);
    expect(text).not.toContain('hidden@x.test');
  });

  it('adds Message-ID and Date where they are missing, and ends each line with CRLF', async () => {
    server = await startSmtpServer({ tls: 'none' });
    relay = await startRelay({ transport: server.url });
    const { messageId } = await relay.mail.sendRaw(
      Buffer.from('From: ada@acme.test\nSubject: Hi\n\nHello\r\n.\nworld'),
      {
        envelope: { from: '', to: ['bob@x.test'] },
      },
    );
    const { raw, envelope } = await server.next();
    expect(envelope.from).toBe('');
    expect(raw.toString()).toMatch(
      /^Message-ID: <[-\da-f]{36}@acme\.test>\r\nDate: [^\r\n]+ \+0000\r\nFrom: ada@acme\.test\r\nSubject: Hi\r\n\r\nHello\r\n\.\r\nworld\r\n$/,
    );
    expect(raw.toString()).toContain(`Message-ID: ${messageId}\r\n`);
  });

  it('asks for SMTPUTF8 where its header is not ASCII', async () => {
    server = await startSmtpServer({ tls: 'none' });
    relay = await startRelay({ transport: server.url });
    const raw = 'From: Grüße <ada@acme.test>\r\nTo: Zoë <zoe@x.test>\r\nMessage-ID: <a@b>\r\nDate: now\r\n\r\nHi\r\n';
    await relay.mail.sendRaw(Buffer.from(raw), { envelope: { from: 'ada@acme.test', to: ['zoe@x.test'] } });
    const mail = await server.next();
    expect(mail.parameters).toMatchObject({ SMTPUTF8: true, BODY: '8BITMIME' });
    expect(mail.raw.toString()).toBe(raw);
  });

  it('gives its parts to a transport that takes no MIME', async () => {
    const seen: MailMessage[] = [];
    class FieldsTransport extends MailTransport {
      override readonly capabilities = { cc: true };
      async send(message: MailMessage): Promise<void> {
        seen.push(message);
      }
    }
    relay = await startRelay({ transport: new FieldsTransport() });
    const { id } = await relay.mail.sendRaw(Buffer.from(SIGNED), {
      envelope: { from: 'a@acme.test', to: ['bob@x.test'] },
    });
    await relay.mail.wait(id);
    const [message] = seen;
    expect(message).toMatchObject({
      subject: 'Äöü',
      from: { name: 'Gräfin', address: 'ada@acme.test' },
      to: [{ address: 'bob@x.test' }, { name: 'Eve, E.', address: 'eve@x.test' }],
      headers: { 'In-Reply-To': '<before@x.test>' },
      attachments: [{ filename: 'a.txt', contentType: 'text/plain', size: 5 }],
    });
    expect(Object.keys(message!.headers)).toEqual(['In-Reply-To']);
    expect(message!.text).toMatch(/^Grüße/);
    expect(message!.html).toContain('cid:i@x');
    // And whoever wants the bytes has them.
    expect(Buffer.from(await message!.raw()).toString()).toContain('DKIM-Signature: v=1');
  });

  it('finds out soon that 25 MiB of lines are no message', async () => {
    relay = await startRelay({ transport: 'memory:', worker: false });
    const envelope = { from: 'a@acme.test', to: ['bob@x.test'] };
    for (const line of ['a\r\n', 'a:\r\n'])
      await expect(relay.mail.sendRaw(Buffer.alloc(25 * 1024 * 1024, line), { envelope })).rejects.toMatchObject({
        name: 'MailMessageError',
        field: 'raw',
        reason: 'too-large',
      });
  });

  it('bounces where its parts would take too much to read', async () => {
    class FieldsTransport extends MailTransport {
      override readonly capabilities = { cc: true };
      async send(): Promise<void> {}
    }
    relay = await startRelay({ transport: new FieldsTransport() });
    const raw = Buffer.from(`From: ada@acme.test\r\n\r\n${'a\r\n'.repeat(5_000_000)}`);
    const { id } = await relay.mail.sendRaw(raw, { envelope: { from: 'a@acme.test', to: ['bob@x.test'] } });
    const { recipients } = await relay.mail.wait(id, { timeout: '4s' });
    expect(recipients).toMatchObject([
      { state: 'bounced', error: { message: expect.stringContaining('400,000 lines') } },
    ]);
  });

  it('is queued once per key, and refused with the name of what is wrong', async () => {
    relay = await startRelay({ transport: 'memory:', worker: false });
    const raw = Buffer.from(SIGNED);
    const envelope = { from: 'a@acme.test', to: ['bob@x.test'] };
    const first = await relay.mail.sendRaw(raw, { envelope, idempotencyKey: 'k' });
    expect(await relay.mail.sendRaw(raw, { envelope, idempotencyKey: 'k' })).toMatchObject({
      id: first.id,
      duplicate: true,
    });
    const refusal = (options: object, message: Uint8Array = raw): Promise<unknown> =>
      relay!.mail.sendRaw(message, { envelope, ...options }).catch((error: unknown) => error);
    expect(await refusal({ envelope: { from: 'a@acme.test', to: ['bob'] } })).toMatchObject({
      field: 'envelope.to[0]',
    });
    expect(await refusal({ envelope: { from: 'a@acme.test', to: [] } })).toMatchObject({ field: 'envelope.to' });
    expect(await refusal({ envelope: { from: 'a\r\nb@acme.test', to: ['b@x.test'] } })).toMatchObject({
      field: 'envelope.from',
    });
    expect(await refusal({ html: '<p>' })).toMatchObject({ field: 'html' });
    expect(await refusal({ notify: { ret: 'SOME' } })).toMatchObject({ field: 'notify.ret' });
    expect(await refusal({}, Buffer.from('Subject: x\r\n\r\n'))).toMatchObject({ field: 'from' });
    expect(await refusal({}, Buffer.alloc(25.1 * 1024 * 1024))).toMatchObject({ field: 'raw', reason: 'too-large' });
  });
});
