import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createTransport } from 'nodemailer';
import { describe, expect, it } from 'vitest';
import { swaks } from '../../support/mta/swaks.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { localhost } from '../../support/tls/localhost.js';
import { CLEAR, MESSAGE, openSubmission, type Taken, tls, Users } from './support.js';

const run = promisify(execFile);
const STARTTLS = { port: 0, host: '127.0.0.1', tls: 'starttls' } as const;
const IMPLICIT = { port: 0, host: '127.0.0.1', tls: 'implicit' } as const;

/** What was sent, without the relay's own field. */
function sentIn({ raw }: Taken): string {
  return Buffer.from(raw.slice(/^Received:.*\r\n(?:[ \t].*\r\n)*/.exec(raw)![0].length), 'latin1').toString();
}

describe('nodemailer', () => {
  it.each([
    ['by STARTTLS', STARTTLS, { requireTLS: true }, { user: 'ada', pass: 'secret' }, 'ESMTPSA'],
    ['by implicit TLS', IMPLICIT, { secure: true }, { user: 'ada', pass: 'secret' }, 'ESMTPSA'],
    ['by AUTH LOGIN', STARTTLS, { authMethod: 'LOGIN' }, { user: 'ada', pass: 'secret' }, 'ESMTPSA'],
    [
      'by XOAUTH2',
      IMPLICIT,
      { secure: true },
      { type: 'OAuth2', user: 'ada', accessToken: 'token' } as const,
      'ESMTPSA',
    ],
    ['in clear', CLEAR, {}, { user: 'ada', pass: 'secret' }, 'ESMTPA'],
  ])('sends %s', async (_how, listen, options, auth, protocol) => {
    const { port, taken } = await openSubmission({ listen: [listen], tls });
    const transport = createTransport({ host: '127.0.0.1', port, auth, tls: { ca: localhost.cert }, ...options });
    const info = await transport.sendMail({
      from: 'ada@acme.test',
      to: ['bob@x.test', 'eve@x.test'],
      bcc: 'ulf@x.test',
      subject: 'Grüße',
      text: 'Hello\n.\n..\nthere',
      attachments: [{ filename: 'a.bin', content: Buffer.alloc(300_000, 7) }],
      dsn: { id: 'q+1', return: 'headers', notify: ['failure', 'delay'], recipient: 'ada@acme.test' },
    });
    transport.close();
    expect(info.response).toBe('250 2.0.0 Queued as mail-1');
    const {
      raw,
      options: { envelope, notify },
    } = taken[0]!;
    expect(envelope).toEqual({ from: 'ada@acme.test', to: ['bob@x.test', 'eve@x.test', 'ulf@x.test'] });
    expect(notify).toMatchObject({
      ret: 'HDRS',
      envid: 'q+1',
      recipients: { 'bob@x.test': { notify: ['FAILURE', 'DELAY'] } },
    });
    expect(raw).toContain(`with ${protocol} id`);
    expect(raw.length).toBeGreaterThan(400_000);
  });

  it('hears why it is refused', async () => {
    const { port } = await openSubmission({
      listen: [IMPLICIT],
      tls,
      authenticator: new Users({ senders: ['acme.test'] }),
      maxSize: 1_000,
    });
    const connect = (pass: string) =>
      createTransport({
        host: '127.0.0.1',
        port,
        secure: true,
        auth: { user: 'ada', pass },
        tls: { ca: localhost.cert },
      });
    const mail = { from: 'ada@acme.test', to: 'bob@x.test', text: 'x' };
    await expect(connect('wrong').sendMail(mail)).rejects.toMatchObject({ responseCode: 535, code: 'EAUTH' });
    await expect(connect('secret').sendMail({ ...mail, from: 'ada@evil.test' })).rejects.toMatchObject({
      responseCode: 550,
      response: '550 5.7.1 <ada@evil.test> is not of a domain that you may send from',
    });
    await expect(connect('secret').sendMail({ ...mail, text: 'x'.repeat(2_000) })).rejects.toMatchObject({
      responseCode: 552,
    });
  });
});

describe("Python's smtplib", () => {
  it('sends by STARTTLS, in 8 bits and UTF-8', async () => {
    const { port, taken } = await openSubmission({ listen: [STARTTLS], tls });
    const folder = await temporaryFolder({ 'ca.pem': localhost.cert, 'send.py': PYTHON });
    const { stdout } = await run('python3', [`${folder}/send.py`, String(port), `${folder}/ca.pem`]);
    expect(stdout).toBe(
      "(535, b'5.7.8 The name or password is wrong')\n{}\n{'nobody': (501, b'5.1.3 The syntax is RCPT TO:<address>')}\n(250, b'2.0.0 Queued as mail-3')\n",
    );
    expect(taken.map(({ options }) => options.envelope)).toEqual([
      { from: 'ada@acme.test', to: ['bob@x.test'] },
      { from: 'ada@acme.test', to: ['bob@x.test'] },
      { from: 'ädä@acme.test', to: ['bob@x.test'] },
    ]);
    expect(sentIn(taken[0]!)).toContain('Subject: Hello\r\n');
    expect(sentIn(taken[1]!)).toBe('From: ada@acme.test\r\n\r\nGrüße\r\n.\r\n..a\r\n');
    expect(taken[2]!.raw).toContain('with UTF8SMTPSA id');
  });
});

const PYTHON = `
import smtplib, ssl, sys
from email.message import EmailMessage
with smtplib.SMTP('127.0.0.1', int(sys.argv[1])) as smtp:
    smtp.starttls(context=ssl.create_default_context(cafile=sys.argv[2]))
    try:
        smtp.login('ada', 'wrong')
    except smtplib.SMTPAuthenticationError as error:
        print(error.args)
    smtp.login('ada', 'secret')
    mail = EmailMessage()
    mail['From'], mail['To'], mail['Subject'] = 'ada@acme.test', 'bob@x.test', 'Hello'
    mail.set_content('Hello')
    print(smtp.send_message(mail))
    raw = 'From: ada@acme.test\\r\\n\\r\\nGrüße\\r\\n.\\r\\n..a\\r\\n'.encode()
    print(smtp.sendmail('ada@acme.test', ['bob@x.test', 'nobody'], raw, mail_options=['BODY=8BITMIME']))
    smtp.ehlo_or_helo_if_needed()
    smtp.command_encoding = 'utf-8'
    smtp.mail('ädä@acme.test', ['SMTPUTF8', 'BODY=8BITMIME'])
    smtp.rcpt('bob@x.test')
    print(smtp.data(raw))
`;

describe('swaks', () => {
  it.each([
    ['STARTTLS and PLAIN', STARTTLS, ['--tls', '--auth', 'PLAIN']],
    ['STARTTLS and LOGIN', STARTTLS, ['--tls', '--auth', 'LOGIN']],
    ['implicit TLS', IMPLICIT, ['--tlsc', '--auth', 'PLAIN']],
    ['pipelining', IMPLICIT, ['--tlsc', '--auth', 'PLAIN', '--pipeline']],
    ['clear text', CLEAR, ['--auth', 'PLAIN']],
  ])('sends by %s', async (_how, listen, args) => {
    const { port, taken } = await openSubmission({ listen: [listen], tls });
    // A dot at the end is swaks' own end of the message.
    const text = `${MESSAGE}The end.\r\n`;
    const folder = await temporaryFolder({ 'message.eml': text.replaceAll('\r\n', '\n') });
    const to = [
      '--server',
      '127.0.0.1',
      '--port',
      String(port),
      '--from',
      'ada@acme.test',
      '--to',
      'bob@x.test,eve@x.test',
    ];
    const login = ['--auth-user', 'ada', '--auth-password', 'secret'];
    const { stdout } = await swaks([...to, ...login, ...args, '--data', `@${folder}/message.eml`]);
    expect(stdout).toContain('250 2.0.0 Queued as mail-1');
    expect(taken[0]!.options.envelope.to).toEqual(['bob@x.test', 'eve@x.test']);
    expect(sentIn(taken[0]!).trimEnd()).toBe(text.trimEnd());
  });

  it('is refused without AUTH, with its exit code for that', async () => {
    const { port } = await openSubmission({ listen: [STARTTLS], tls });
    const args = ['--server', '127.0.0.1', '--port', String(port), '--from', 'ada@acme.test', '--to', 'bob@x.test'];
    const failed = await swaks(args);
    expect(failed).toMatchObject({ code: 23 });
    expect(failed.stdout).toContain('530 5.7.0 Issue STARTTLS first, then AUTH');
  });
});
