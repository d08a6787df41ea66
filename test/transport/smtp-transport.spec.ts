import { createHmac, generateKeyPairSync } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MailError } from '../../lib/errors/mail.error.js';
import type { SmtpTransportOptions } from '../../lib/transport/smtp/smtp-transport-options.interface.js';
import { SmtpTransport } from '../../lib/transport/smtp/smtp.transport.js';
import { FaultySmtpServer } from '../support/smtp/faulty-smtp-server.js';
import { faultyServer, smtpFailure, smtpServer, transportTo } from '../support/smtp/smtp-fixtures.js';
import { startHttpProxy } from '../support/smtp/start-http-proxy.js';
import { startSocksProxy } from '../support/smtp/start-socks-proxy.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';
import { localhost } from '../support/tls/localhost.js';
import { txtRecord, verify } from '../dkim/support.js';

const trusted = { ca: localhost.cert };

describe('a message', () => {
  it('arrives with its envelope, byte for byte', async () => {
    const server = await smtpServer();
    const raw = 'From: a@acme.test\r\nSubject: Dots\r\n\r\n.\r\n..\r\n.starts with a dot\r\nends with none\r\n';
    const result = await transportTo(server).send(
      testMessage({ from: 'bounces@acme.test', to: ['a@x.test', 'b@x.test'], raw }),
      sendContext(),
    );
    const mail = await server.next();
    expect(mail.envelope).toEqual({ from: 'bounces@acme.test', to: ['a@x.test', 'b@x.test'] });
    expect(mail.raw.toString()).toBe(raw);
    expect(result).toEqual({ response: '250 Ok: queued as 1' });
  });

  it('of any bytes arrives as they are, with line ends made whole', async () => {
    const server = await FaultySmtpServer.start();
    const transport = new SmtpTransport({ host: server.host, port: server.port });
    const line = fc.string({ unit: fc.constantFrom('.', 'a', ' ', '\r\n', '\r\n.', '\r\n.\r\n', 'é'), maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(line, async (body) => {
        const raw = `Subject: x\r\n\r\n${body}\r\n`;
        await transport.send(testMessage({ raw }), sendContext());
        expect(server.mails.at(-1)!.raw.toString()).toBe(raw);
      }),
      { numRuns: 200 },
    );
    await transport.close();
    await server.close();
  });

  it('from nobody has an empty return path', async () => {
    const server = await faultyServer();
    await transportTo(server).send(testMessage({ from: '' }), sendContext());
    expect(server.commands[1]).toMatch(/^MAIL FROM:<>(?: |$)/);
  });

  it('declares its size, and 8-bit content where the server takes it', async () => {
    const server = await faultyServer();
    const transport = transportTo(server);
    const raw = Buffer.from('Subject: x\r\n\r\nGr\u00fc\u00dfe\r\n');
    await transport.send(testMessage({ raw }), sendContext());
    expect(server.commands).toContain(`MAIL FROM:<ada@acme.test> BODY=8BITMIME SIZE=${raw.length}`);
    await transport.send(testMessage({ raw: 'Subject: x\r\n\r\nGruesse\r\n' }), sendContext());
    expect(server.commands.at(-3)).not.toContain('BODY');
  });

  it('larger than the server takes is refused for good, and not sent', async () => {
    const server = await faultyServer({ extensions: ['PIPELINING', 'SIZE 1000'] });
    const error = await smtpFailure(transportTo(server).send(testMessage({ raw: 'x'.repeat(1001) }), sendContext()));
    expect(error).toMatchObject({
      scope: 'message',
      permanent: true,
      replyCode: 552,
      enhancedCode: '5.3.4',
      reason: 'too-large',
    });
    expect(error.message).toContain('1000');
    expect(server.transactions).toBe(0);
    await transportTo(server).send(testMessage({ raw: 'x'.repeat(1000) }), sendContext());
  });

  it('with an address that would break out of its command is refused for that recipient', async () => {
    const server = await faultyServer();
    const to = ['bob@x.test', 'eve@x.test>\r\nRCPT TO:<mallory@x.test'];
    const result = await transportTo(server).send(testMessage({ to }), sendContext());
    expect(result.recipients).toMatchObject([{ state: 'sent' }, { state: 'bounced', error: { scope: 'recipient' } }]);
    expect(server.mails[0]!.to).toEqual(['bob@x.test']);
  });
});

describe('SMTPUTF8', () => {
  it('is used for addresses beyond ASCII where the server offers it', async () => {
    const server = await faultyServer({ extensions: ['PIPELINING', 'SMTPUTF8', '8BITMIME'] });
    await transportTo(server).send(testMessage({ to: ['j\u00fcrgen@x.test', 'bob@x.test'] }), sendContext());
    expect(server.commands[1]).toMatch(/^MAIL FROM:<ada@acme\.test> .*\bSMTPUTF8\b/);
    expect(server.mails[0]!.to).toEqual(['j\u00fcrgen@x.test', 'bob@x.test']);
  });

  it('that the server lacks bounces those recipients alone', async () => {
    const server = await faultyServer({ extensions: ['PIPELINING'] });
    const result = await transportTo(server).send(
      testMessage({ to: ['j\u00fcrgen@x.test', 'bob@x.test'] }),
      sendContext(),
    );
    expect(result.recipients).toMatchObject([
      {
        address: 'j\u00fcrgen@x.test',
        state: 'bounced',
        error: { scope: 'recipient', permanent: true, replyCode: 553, enhancedCode: '5.6.7', reason: 'smtputf8' },
      },
      { address: 'bob@x.test', state: 'sent' },
    ]);
    expect(server.mails[0]!.to).toEqual(['bob@x.test']);
  });

  it('is used for an author beyond ASCII, too, whoever the sender of the envelope is', async () => {
    const server = await faultyServer({ extensions: ['PIPELINING', 'SMTPUTF8', '8BITMIME'] });
    const message = { ...testMessage(), from: { address: 'j\u00fcrgen@acme.test' } };
    await transportTo(server).send(message, sendContext());
    expect(server.commands[1]).toMatch(/^MAIL FROM:<ada@acme\.test> .*\bSMTPUTF8\b/);
  });

  it('that the server lacks bounces the mail of an author who needs it, whoever the sender of the envelope is', async () => {
    const server = await faultyServer({ extensions: ['PIPELINING'] });
    const message = { ...testMessage(), from: { address: 'j\u00fcrgen@acme.test' } };
    expect(await smtpFailure(transportTo(server).send(message, sendContext()))).toMatchObject({
      scope: 'message',
      permanent: true,
      reason: 'smtputf8',
    });
    expect(server.mails).toEqual([]);
  });

  it('leaves no address beyond ASCII in the header of a mail that goes without it', async () => {
    for (const extensions of [['PIPELINING'], ['PIPELINING', 'SMTPUTF8', '8BITMIME']]) {
      const server = await faultyServer({ extensions });
      const raw = 'From: ada@acme.test\r\nTo: j\u00fcrgen@x.test, bob@x.test\r\n\r\nHi\r\n';
      await transportTo(server).send(testMessage({ to: 'bob@x.test', raw }), sendContext());
      expect(server.commands[1]).not.toContain('SMTPUTF8');
      expect(server.mails[0]!.raw.toString()).toMatch(/^To: =\?UTF-8\?\S+\?= :;, bob@x\.test\r\n/m);
    }
  });

  it('that the server lacks starts no transaction when no other recipient is left', async () => {
    const server = await faultyServer({ extensions: [] });
    const result = await transportTo(server).send(testMessage({ to: 'j\u00fcrgen@x.test' }), sendContext());
    expect(result.recipients).toMatchObject([{ state: 'bounced' }]);
    expect(server.transactions).toBe(0);
  });

  it('that the server lacks makes such a sender a permanent error of the message', async () => {
    const server = await faultyServer({ extensions: [] });
    const error = await smtpFailure(
      transportTo(server).send(testMessage({ from: 'j\u00fcrgen@acme.test' }), sendContext()),
    );
    expect(error).toMatchObject({ scope: 'message', permanent: true, replyCode: 553, reason: 'smtputf8' });
  });
});

describe('TLS', () => {
  it('is used when the server on loopback offers it, with any certificate', async () => {
    const server = await smtpServer();
    await transportTo(server).send(testMessage(), sendContext());
    expect(server.mails[0]!.secure).toBe(true);
  });

  it('is done without when the server on loopback does not offer it', async () => {
    const server = await smtpServer({ tls: 'none' });
    await transportTo(server).send(testMessage(), sendContext());
    expect(server.mails[0]!.secure).toBe(false);
  });

  it('that is only opportunistic is done without when the server offers it and fails', async () => {
    const server = await faultyServer({
      extensions: ['STARTTLS', 'PIPELINING'],
      script: { starttls: '454 4.7.0 Not now' },
    });
    await transportTo(server).send(testMessage(), sendContext());
    expect(server.mails).toHaveLength(1);
    server.script.starttls = '220 2.0.0 Go on, but there is nobody here';
    await transportTo(server, { timeouts: { greeting: 500 } }).send(testMessage(), sendContext());
    expect(server.mails).toHaveLength(2);
  });

  it('that is required and not offered fails before anything is sent', async () => {
    const server = await smtpServer({ tls: 'none' });
    const error = await smtpFailure(transportTo(server, { tls: 'required' }).send(testMessage(), sendContext()));
    expect(error).toMatchObject({ phase: 'tls', scope: 'transport', permanent: false, code: 'ETLS' });
    expect(server.mails).toHaveLength(0);
  });

  it('is required, and its certificate checked, for a host that is not this machine', async () => {
    const own = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal);
    if (!own) return;
    const plain = await smtpServer({ tls: 'none', host: own.address });
    expect(await smtpFailure(transportTo(plain).send(testMessage(), sendContext()))).toMatchObject({ phase: 'tls' });
    const encrypted = await smtpServer({ host: own.address });
    expect(await smtpFailure(transportTo(encrypted).send(testMessage(), sendContext()))).toMatchObject({
      phase: 'tls',
    });
  });

  it.each(['required', 'implicit'] as const)('(%s) refuses a certificate that nobody vouches for', async (tls) => {
    const server = await smtpServer({ tls: tls === 'implicit' ? 'implicit' : 'starttls' });
    const error = await smtpFailure(transportTo(server, { tls }).send(testMessage(), sendContext()));
    expect(error).toMatchObject({
      phase: 'tls',
      scope: 'transport',
      permanent: false,
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    expect(error.message).toContain('tlsOptions.ca');
    expect(server.mails).toHaveLength(0);
  });

  it.each(['required', 'implicit'] as const)('(%s) takes a certificate that tlsOptions vouch for', async (tls) => {
    const server = await smtpServer({ tls: tls === 'implicit' ? 'implicit' : 'starttls' });
    const transport = transportTo(server, { tls, tlsOptions: trusted });
    await transport.send(testMessage(), sendContext());
    await transport.send(testMessage(), sendContext());
    expect(server.mails.map(({ secure }) => secure)).toEqual([true, true]);
    expect(server.connections).toBe(1);
  });

  it('refuses a certificate for another host', async () => {
    const server = await smtpServer();
    const tlsOptions = { ...trusted, servername: 'mail.acme.test' };
    const error = await smtpFailure(
      transportTo(server, { tls: 'required', tlsOptions }).send(testMessage(), sendContext()),
    );
    expect(error).toMatchObject({ phase: 'tls', code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  it('is never used with never', async () => {
    const server = await smtpServer();
    await transportTo(server, { tls: 'never' }).send(testMessage(), sendContext());
    expect(server.mails[0]!.secure).toBe(false);
  });
});

describe('AUTH', () => {
  const user = 'ada';
  const pass = 's3cret-p4ss';

  it.each(['PLAIN', 'LOGIN'] as const)('%s logs in', async (authMethod) => {
    const server = await smtpServer({ auth: { user, pass } });
    await transportTo(server, { auth: { user, pass }, authMethod }).send(testMessage(), sendContext());
    expect(server.mails[0]!.user).toBe(user);
    expect(server.logins.map(({ method }) => method)).toEqual([authMethod]);
  });

  it('takes what the server offers', async () => {
    const server = await smtpServer({ auth: { user, pass, methods: ['LOGIN'] } });
    await transportTo(server, { auth: { user, pass } }).send(testMessage(), sendContext());
    expect(server.logins.map(({ method }) => method)).toEqual(['LOGIN']);
  });

  it('CRAM-MD5 logs in where there is nothing else, without the password on the wire', async () => {
    const challenge = '<1896.697170952@postoffice.reston.mci.net>';
    const server = await faultyServer({
      extensions: ['AUTH CRAM-MD5'],
      script: {
        auth: `334 ${Buffer.from(challenge).toString('base64')}`,
        unknown: ({ command }) =>
          Buffer.from(command, 'base64').toString() ===
          `${user} ${createHmac('md5', pass).update(challenge).digest('hex')}`
            ? '235 2.7.0 Welcome'
            : '535 5.7.8 No',
      },
    });
    await transportTo(server, { auth: { user, pass } }).send(testMessage(), sendContext());
    expect(server.mails).toHaveLength(1);
    expect(server.commands.join('\n')).not.toContain(pass);
  });

  it('with a password that is not set goes by the token', async () => {
    const server = await smtpServer({ auth: { user, tokens: ['t0ken'] } });
    const auth = { user, pass: undefined, accessToken: 't0ken' } as unknown as SmtpTransportOptions['auth'];
    await transportTo(server, { auth }).send(testMessage(), sendContext());
    expect(server.logins).toMatchObject([{ method: 'XOAUTH2' }]);
  });

  it('that offers no way for a password is a failure that names what it offers', async () => {
    const server = await faultyServer({ extensions: ['AUTH GSSAPI'] });
    const error = await smtpFailure(transportTo(server, { auth: { user, pass } }).send(testMessage(), sendContext()));
    expect(error).toMatchObject({ phase: 'auth', code: 'EAUTH', reason: 'credentials' });
    expect(error.message).toContain('AUTH GSSAPI');
  });

  it('XOAUTH2 logs in with a token', async () => {
    const server = await smtpServer({ auth: { user, tokens: ['t0ken'] } });
    await transportTo(server, { auth: { user, accessToken: 't0ken' } }).send(testMessage(), sendContext());
    expect(server.logins).toMatchObject([{ method: 'XOAUTH2', username: user, accessToken: 't0ken' }]);
  });

  it.each([
    ['after a challenge', undefined],
    ['told by 535 alone', '535 5.7.8 Token expired'],
  ])('XOAUTH2 asks once more for a token that was refused, %s', async (_name, answer) => {
    const tokens = ['stale', 'fresh'];
    const auth = { user, accessToken: async () => tokens.shift() ?? 'none' };
    const server = answer
      ? await faultyServer({
          extensions: ['AUTH XOAUTH2'],
          script: { auth: ({ count }) => (count === 1 ? answer : undefined) },
        })
      : await smtpServer({ auth: { user, tokens: ['fresh'] } });
    await transportTo(server, { auth }).send(testMessage(), sendContext());
    expect(server.mails).toHaveLength(1);
    expect(server.connections).toBe(1);
    expect(tokens).toEqual([]);
  });

  it('XOAUTH2 gives up on a second refusal', async () => {
    let asked = 0;
    const auth = { user, accessToken: () => `stale${++asked}` };
    const server = await smtpServer({ auth: { user, tokens: ['fresh'] } });
    const error = await smtpFailure(transportTo(server, { auth }).send(testMessage(), sendContext()));
    expect(error).toMatchObject({
      phase: 'auth',
      scope: 'transport',
      permanent: false,
      code: 'EAUTH',
      reason: 'credentials',
    });
    expect(asked).toBe(2);
  });

  it('XOAUTH2 tells of a token function that fails', async () => {
    const auth = { user, accessToken: () => Promise.reject(new Error('token endpoint down')) };
    const server = await smtpServer({ auth: { user, tokens: ['fresh'] } });
    const error = await smtpFailure(transportTo(server, { auth }).send(testMessage(), sendContext()));
    expect(error).toMatchObject({ phase: 'auth', scope: 'transport', permanent: false, code: 'EAUTH' });
    expect(error.cause).toMatchObject({ message: 'token endpoint down' });
  });

  it.each([
    ['535 5.7.8 Bad credentials', { replyCode: 535, reason: 'credentials' }],
    ['534 5.7.9 Application password needed', { replyCode: 534, reason: 'credentials' }],
    ['504 5.5.4 Unknown mechanism', { replyCode: 504, reason: 'credentials' }],
    ['454 4.7.0 Try again later', { replyCode: 454, reason: undefined }],
  ])('refused with %j is a failure of the transport that may pass', async (answer, expected) => {
    const server = await faultyServer({ extensions: ['AUTH PLAIN'], script: { auth: answer } });
    const error = await smtpFailure(transportTo(server, { auth: { user, pass } }).send(testMessage(), sendContext()));
    expect(error).toMatchObject({ phase: 'auth', scope: 'transport', permanent: false, code: 'EAUTH', ...expected });
    expect(server.transactions).toBe(0);
  });

  it('that the server does not offer is a failure, with the password unsent', async () => {
    const server = await faultyServer({ extensions: [] });
    const error = await smtpFailure(transportTo(server, { auth: { user, pass } }).send(testMessage(), sendContext()));
    expect(error).toMatchObject({ phase: 'auth', code: 'EAUTH', reason: 'credentials' });
    expect(server.commands.join('\n')).not.toContain('AUTH');
  });

  it('to a host that is not this machine sends no password in clear, unless told to', async () => {
    const own = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal);
    if (!own) return;
    const server = await faultyServer({ host: own.address, extensions: ['AUTH PLAIN'] });
    const opportunistic = transportTo(server, { tls: 'opportunistic', auth: { user, pass } });
    expect(await smtpFailure(opportunistic.send(testMessage(), sendContext()))).toMatchObject({
      phase: 'auth',
      code: 'EAUTH',
    });
    expect(server.commands.join('\n')).not.toContain('AUTH');
    await transportTo(server, { tls: 'never', auth: { user, pass } }).send(testMessage(), sendContext());
    expect(server.mails).toHaveLength(1);
  });
});

describe('DKIM', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const dkim = { domain: 'acme.test', selector: 'relay', privateKey };

  it('signs each message, once for each key', async () => {
    const server = await smtpServer();
    await transportTo(server, { dkim: [dkim, { ...dkim, selector: 'second' }] }).send(testMessage(), sendContext());
    const { raw } = await server.next();
    const record = txtRecord(privateKey);
    const records = { 'relay._domainkey.acme.test': record, 'second._domainkey.acme.test': record };
    const signatures = await verify(raw, records);
    expect(signatures.map(({ status, selector }) => [status.result, selector])).toEqual([
      ['pass', 'second'],
      ['pass', 'relay'],
    ]);
  });

  it('refuses a broken key at start', () => {
    const broken = { ...dkim, privateKey: 'no key at all' };
    expect(() => new SmtpTransport({ host: 'x.test', dkim: broken })).toThrow(/smtp\.dkim\.privateKey/);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('key vault closed'))],
    ['returns nothing', () => undefined as unknown as Uint8Array],
  ])('keeps back a message, for good, whose signer %s', async (_name, sign) => {
    const server = await faultyServer();
    const sent = transportTo(server, { sign }).send(testMessage(), sendContext());
    const error = await sent.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MailError);
    expect(error).toMatchObject({ scope: 'message', permanent: true, code: 'EDKIM' });
    expect(server.connections).toBe(0);
  });
});

describe('verify', () => {
  it('connects, encrypts and logs in, and sends nothing', async () => {
    const server = await smtpServer({ auth: { user: 'ada', pass: 'p' } });
    const options = { tls: 'required', tlsOptions: trusted, auth: { user: 'ada', pass: 'p' } } as const;
    await transportTo(server, options).verify();
    expect(server.logins).toHaveLength(1);
    expect(server.mails).toHaveLength(0);
  });

  it('tells what is wrong', async () => {
    const server = await smtpServer({ auth: { user: 'ada', pass: 'p' } });
    const transport = transportTo(server, { auth: { user: 'ada', pass: 'wrong' } });
    expect(await smtpFailure(transport.verify())).toMatchObject({
      phase: 'auth',
      replyCode: 535,
      reason: 'credentials',
    });
  });

  it('leaves nothing open', async () => {
    const server = await faultyServer();
    await transportTo(server).verify();
    await server.until(() => server.open === 0);
    expect(server.count('quit')).toBe(1);
  });
});

describe('the way to the server', () => {
  const loopback6 = Object.values(networkInterfaces())
    .flat()
    .some((address) => address?.address === '::1');

  it.skipIf(!loopback6).each(['::1', '[::1]'])('is IPv6 for the host %s', async (host) => {
    const server = await smtpServer({ host: '::1' });
    const transport = transportTo({ host, port: server.port });
    await transport.send(testMessage(), sendContext());
    expect(server.mails).toHaveLength(1);
    expect(String(transport)).toBe(`smtp://[::1]:${server.port}`);
  });

  it('starts at the local address', async () => {
    const server = await smtpServer();
    await transportTo(server, { localAddress: '127.0.0.1' }).send(testMessage(), sendContext());
    const error = await smtpFailure(
      transportTo(server, { localAddress: '192.0.2.1' }).send(testMessage(), sendContext()),
    );
    expect(error).toMatchObject({ phase: 'connect', code: 'EADDRNOTAVAIL' });
  });

  it('begins with our name', async () => {
    const server = await faultyServer();
    await transportTo(server, { name: 'app.acme.test' }).send(testMessage(), sendContext());
    expect(server.commands[0]).toBe('EHLO app.acme.test');
  });

  it('falls back to HELO for a server that knows no EHLO', async () => {
    const server = await faultyServer({
      script: { ehlo: ({ command }) => (command.startsWith('EHLO') ? '502 What?' : undefined) },
    });
    await transportTo(server).send(testMessage(), sendContext());
    expect(server.mails).toHaveLength(1);
  });

  it.each([
    ['HTTP', 'http', startHttpProxy],
    ['SOCKS 5', 'socks5', startSocksProxy],
  ])('leads through a proxy (%s), with TLS inside', async (_name, scheme, start) => {
    const server = await smtpServer({ tls: 'implicit' });
    const proxy = await start({ auth: 'us er:p@ss' });
    onTestFinished(() => proxy.close());
    const way = `${scheme}://us%20er:p%40ss@127.0.0.1:${proxy.port}`;
    const target = { host: 'localhost', port: server.port };
    const transport = transportTo(target, { proxy: way, tls: 'implicit', tlsOptions: trusted });
    await transport.send(testMessage(), sendContext());
    expect(server.mails).toHaveLength(1);
    expect(proxy.targets).toEqual([`localhost:${server.port}`]);
    await transport.close();
  });

  it.each([
    ['HTTP', 'http', startHttpProxy],
    ['SOCKS 5', 'socks5', startSocksProxy],
  ])('is barred by a proxy (%s) that wants another password', async (_name, scheme, start) => {
    const proxy = await start({ auth: 'user:right' });
    onTestFinished(() => proxy.close());
    const transport = transportTo(
      { host: '127.0.0.1', port: 25 },
      { proxy: `${scheme}://user:wr0ng@127.0.0.1:${proxy.port}` },
    );
    const error = await smtpFailure(transport.send(testMessage(), sendContext()));
    expect(error).toMatchObject({ phase: 'connect', scope: 'transport', permanent: false, code: 'EPROXY' });
    expect(error.message).not.toContain('wr0ng');
  });

  it('tells why a SOCKS proxy refused', async () => {
    const proxy = await startSocksProxy({ refuse: 5 });
    onTestFinished(() => proxy.close());
    const transport = transportTo({ host: '127.0.0.1', port: 25 }, { proxy: `socks5://127.0.0.1:${proxy.port}` });
    const error = await smtpFailure(transport.send(testMessage(), sendContext()));
    expect(error).toMatchObject({ phase: 'connect', code: 'EPROXY' });
    expect(error.message).toContain('refused');
  });

  it('through a proxy that says nothing is given up', async () => {
    const silent = await faultyServer({ script: { greeting: { do: 'hang' } } });
    for (const scheme of ['http', 'socks5']) {
      const options = { proxy: `${scheme}://127.0.0.1:${silent.port}`, timeouts: { connect: 300 } };
      const error = await smtpFailure(
        transportTo({ host: '127.0.0.1', port: 25 }, options).send(testMessage(), sendContext()),
      );
      expect(error).toMatchObject({ phase: 'connect', code: 'ETIMEDOUT' });
    }
    await silent.until(() => silent.open === 0);
  });
});
