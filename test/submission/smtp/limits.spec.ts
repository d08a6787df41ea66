import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { RelayConfigurationError } from '../../../lib/index.js';
import type { RelaySubmissionOptions } from '../../../lib/submission.js';
import { LoginGuard } from '../../../lib/submission/smtp/login-guard.js';
import { clientNetwork, readNetworks } from '../../../lib/submission/smtp/networks.js';
import { SmtpClient } from './smtp-client.js';
import { CLEAR, log, MESSAGE, openSubmission, tls, Users } from './support.js';

const trusted = ['127.0.0.0/8'];

describe('a client', () => {
  it('may have so many recipients', async () => {
    const { port, taken } = await openSubmission({ trusted, maxRecipients: 2 });
    const client = await SmtpClient.connect(port);
    await client.hello();
    await client.say('MAIL FROM:<ada@acme.test>');
    expect(await client.say('RCPT TO:<a@x.test>')).toMatch(/^250 /);
    expect(await client.say('RCPT TO:<b@x.test>')).toMatch(/^250 /);
    expect(await client.say('RCPT TO:<c@x.test>')).toMatch(/^452 4\.5\.3 /);
    expect(await client.say('DATA')).toMatch(/^354 /);
    client.write('From: ada@acme.test\r\n\r\n.\r\n');
    expect(await client.reply()).toMatch(/^250 /);
    expect(taken[0]!.options.envelope.to).toEqual(['a@x.test', 'b@x.test']);
  });

  it('is hung up on when it goes on and on with recipients', async () => {
    const { port } = await openSubmission({ trusted, maxRecipients: 2 });
    const client = await SmtpClient.connect(port);
    await client.hello();
    client.write(
      `MAIL FROM:<ada@acme.test>\r\n${'RCPT TO:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nRCPT TO:<c@x.test>\r\n'.repeat(5_000)}`,
    );
    expect((await client.rest()).trimEnd().split('\r\n').at(-1)).toMatch(/^421 4\.5\.3 /);
  });

  it('is hung up on after so many refused commands, but not where messages come between', async () => {
    const { port } = await openSubmission({ trusted, maxErrors: 3 });
    const client = await SmtpClient.connect(port);
    await client.hello();
    for (let n = 0; n < 5; n++) {
      expect(await client.say('RCPT TO:<nobody>')).toMatch(/^50/);
      expect(await client.say('XYZ')).toMatch(/^500 5\.5\.2/);
      expect(await client.send(MESSAGE)).toMatch(/^250 /);
    }
    await client.say('XYZ');
    await client.say('XYZ');
    expect(await client.say('XYZ')).toMatch(/^500 /);
    expect(await client.rest()).toBe('421 4.7.0 Too many errors\r\n');
  });

  it('is hung up on after a hundred commands that lead nowhere', async () => {
    const { port } = await openSubmission({ trusted });
    const client = await SmtpClient.connect(port);
    await client.hello();
    client.write('NOOP\r\n'.repeat(10_000));
    const replies = (await client.rest()).trimEnd().split('\r\n');
    expect(replies.length).toBeLessThan(110);
    expect(replies.at(-1)).toBe('421 4.7.0 Too many commands without a message');
  });

  it('is hung up on after so many wrong passwords', async () => {
    const { port } = await openSubmission({ maxLoginFailures: 2 });
    const client = await SmtpClient.connect(port);
    await client.hello();
    expect(await client.logIn('ada', 'a')).toMatch(/^535 5\.7\.8 /);
    expect(await client.logIn('ada', 'b')).toMatch(/^535 5\.7\.8 /);
    expect(await client.rest()).toBe('');
  });

  it('may be silent for so long, and have so long to log in, and for a message', async () => {
    const silent = await SmtpClient.connect((await openSubmission({ trusted, idleTimeout: 50 })).port);
    expect(await silent.rest()).toMatch(/^220 .*\r\n421 4\.4\.2 /);

    const stranger = await SmtpClient.connect((await openSubmission({ loginTimeout: 50 })).port);
    expect(await stranger.rest()).toMatch(/^220 .*\r\n421 4\.4\.2 .*log in/);

    // Never silent, and never done.
    const slow = await SmtpClient.connect((await openSubmission({ trusted, messageTimeout: 100 })).port);
    await slow.hello();
    const begun = await slow.begin();
    const drip = setInterval(() => slow.write('x'), 5);
    expect(`${begun}\r\n${await slow.rest()}`).toMatch(/^421 4\.4\.2 .*in time/m);
    clearInterval(drip);
  });

  it('that waits for us is not too late', async () => {
    let asked = (): void => {};
    let queued: (result: { id: string }) => void = () => {};
    const under = new Promise<void>((resolve) => (asked = resolve));
    const open = await openSubmission({ trusted, messageTimeout: 300, idleTimeout: 300 }, () => {
      asked();
      return new Promise((resolve) => (queued = resolve));
    });
    const client = await SmtpClient.connect(open.port);
    await client.hello();
    const sent = client.send(MESSAGE);
    await under;
    // One that came later, and has not said all, is.
    const silent = await SmtpClient.connect(open.port);
    await silent.hello();
    await silent.begin();
    expect(await silent.rest()).toMatch(/^421 4\.4\.2 /);
    queued({ id: 'late' });
    expect(await sent).toBe('250 2.0.0 Queued as late');
  });

  it('ends its commands by CRLF, and they are not endless', async () => {
    const { port } = await openSubmission({ trusted });
    for (const lines of ['NOOP\nQUIT\r\n', 'NOOP\r', '\nNOOP\r\n']) {
      const client = await SmtpClient.connect(port);
      await client.hello();
      client.write(lines);
      if (lines.endsWith('\r')) client.write('x\nNOOP\r\n');
      expect(await client.rest()).toBe('500 5.5.2 A command ends with CRLF\r\n');
    }
    const client = await SmtpClient.connect(port);
    await client.hello();
    client.write('x'.repeat(20_000));
    expect(await client.rest()).toMatch(/^421 /);
  });

  it('does not speak HTTP', async () => {
    const { port } = await openSubmission({ trusted });
    const client = await SmtpClient.connect(port);
    await client.reply();
    client.write('POST /mail HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await client.rest()).toMatch(/^421 /);
  });
});

describe('connections', () => {
  it('are so many in all, and from one address', async () => {
    const { port } = await openSubmission({
      trusted: ['127.0.0.2'],
      maxConnections: 4,
      maxConnectionsPerAddress: 2,
      authenticator: new Users(),
    });
    const connect = async () => {
      const client = await SmtpClient.connect(port);
      return { client, greeting: await client.reply() };
    };
    const [one, two] = [await connect(), await connect()];
    expect([one.greeting, two.greeting]).toEqual(Array(2).fill('220 mail.acme.test ESMTP'));
    const third = await connect();
    expect(third.greeting).toMatch(/^421 mail\.acme\.test Too many connections/);
    expect(await third.client.rest()).toBe('');
    await one.client.say('QUIT');
    one.client.socket.destroy();
    await once(one.client.socket, 'close');
    for (;;) {
      const { greeting } = await connect();
      if (greeting.startsWith('220')) break;
    }
  });

  it('of TLS are counted too', async () => {
    const { submission } = await openSubmission({
      listen: [{ port: 0, host: '127.0.0.1', tls: 'implicit' }],
      tls,
      maxConnections: 1,
    });
    const { port } = submission.addresses[0]!;
    const client = await SmtpClient.connect(port, { tls: true });
    expect(await client.reply()).toMatch(/^220 /);
    await expect(SmtpClient.connect(port, { tls: true })).rejects.toThrow();
    client.socket.destroy();
    for (;;) {
      const next = await SmtpClient.connect(port, { tls: true }).catch(() => undefined);
      if (next) break;
    }
  });

  it.each([
    ['nothing', ''],
    ['half a handshake', '16030100f0010000ec0303'],
    ['no TLS', Buffer.from('EHLO client.test\r\n').toString('hex')],
  ])('must come to TLS in time: %s', async (_what, hex) => {
    for (const kind of ['implicit', 'starttls'] as const) {
      const { submission } = await openSubmission({
        listen: [{ port: 0, host: '127.0.0.1', tls: kind }],
        tls,
        loginTimeout: 500,
        // Whom the time to log in does not concern.
        trusted: kind === 'starttls' ? ['127.0.0.1'] : [],
        idleTimeout: 500,
      });
      const { port } = submission.addresses[0]!;
      const client = await SmtpClient.connect(port);
      if (kind === 'starttls') {
        await client.hello();
        await client.say('STARTTLS');
      }
      client.write(Buffer.from(hex, 'hex'));
      await client.rest();
      const other = await SmtpClient.connect(port, { tls: kind === 'implicit' });
      expect(await other.reply()).toMatch(/^220 /);
    }
  });

  it('are broken off at the end of the application, also in a handshake', async () => {
    for (const kind of ['implicit', 'starttls'] as const) {
      const { submission, close } = await openSubmission({
        listen: [{ port: 0, host: '127.0.0.1', tls: kind }],
        tls,
        shutdownTimeout: 50,
      });
      const client = await SmtpClient.connect(submission.addresses[0]!.port);
      if (kind === 'starttls') {
        await client.hello();
        await client.say('STARTTLS');
      }
      client.write(Buffer.from('16030100f0010000ec0303', 'hex'));
      await close();
      expect(await client.rest()).toBe('');
    }
  });
});

describe('listening', () => {
  it('is refused on a port that is taken, by name', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const error = await openSubmission({ listen: [CLEAR, { ...CLEAR, port }] }).catch((thrown: unknown) => thrown);
    other.close();
    expect(error).toBeInstanceOf(RelayConfigurationError);
    expect(error).toMatchObject({ option: 'submission.listen[1]' });
    expect(String(error)).toContain(`cannot listen on 127.0.0.1 port ${port}: another program listens there`);
  });

  it.each([
    [{ listen: [] }, 'submission.listen', 'names no port'],
    [{ listen: [{ port: 70_000 }] }, 'submission.listen[0].port', 'from 0 to 65535'],
    [{ listen: [{ port: 587 }] }, 'submission.tls', 'is needed'],
    [{ listen: [{ port: 0, host: 'mail.acme.test' }] }, 'submission.listen[0].host', 'an address of this machine'],
    [{ authenticator: undefined }, 'submission.authenticator', 'nobody could send'],
    [{ authenticator: {} as never }, 'submission.authenticator', 'extends SubmissionAuthenticator'],
    [{ trusted: ['0.0.0.0/0'] }, 'submission.trusted[0]', 'open relay'],
    [{ trusted: ['::/0'] }, 'submission.trusted[0]', 'open relay'],
    [{ trusted: ['localhost'] }, 'submission.trusted[0]', 'is no network'],
    [{ trusted: ['10.0.0.0/33'] }, 'submission.trusted[0]', 'is no network'],
    [{ maxSize: 30 * 1024 * 1024 }, 'submission.maxSize', 'from 1 to 26,214,400'],
    [{ maxBuffered: 1 }, 'submission.maxBuffered', 'less than maxSize'],
    [{ idleTimeout: 'soon' as never }, 'submission.idleTimeout', "such as '5m'"],
    [{ name: 'a b' }, 'submission.name', "a host's name"],
    [{ maxsize: 1 } as never, 'submission.maxsize', 'is no option'],
    [
      { listen: [{ port: 0, tls: 'implicit' as const }], tls: { key: tls.cert, cert: tls.key } },
      'submission.tls',
      'is no certificate with its key',
    ],
    [
      { listen: [{ port: 0, tls: 'implicit' as const }], tls: { key: '', cert: tls.cert } },
      'submission.tls.key',
      'as PEM',
    ],
    [
      { listen: [{ port: 0, tls: 'starttls' as const }], tls: (() => undefined) as never },
      'submission.tls',
      'is an object',
    ],
    [
      { listen: [{ port: 0, tls: 'starttls' as const }], tls: { ...tls, ca: tls.cert } as never },
      'submission.tls.ca',
      'is no option',
    ],
  ])('with %j is a configuration error at start', async (options, option, words) => {
    const error = await openSubmission(options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RelayConfigurationError);
    expect(error).toMatchObject({ option });
    expect(String(error)).toContain(words);
    expect(String(error)).not.toContain('PRIVATE KEY');
  });

  it('chooses TLS by the port', async () => {
    const { readSubmissionOptions } = await import('../../../lib/submission/smtp/read-submission-options.js');
    const listen = [25, 465, 587, 2525, 1025].map((port) => ({ port }));
    expect(readSubmissionOptions({ listen, tls, trusted }).listen).toEqual([
      { port: 25, tls: 'starttls' },
      { port: 465, tls: 'implicit' },
      { port: 587, tls: 'starttls' },
      { port: 2525, tls: 'none', host: '127.0.0.1' },
      { port: 1025, tls: 'starttls' },
    ]);
  });

  it('says of a function as `tls` that throws where that came from', async () => {
    const none = async () => {
      throw new Error('no such file: key.pem');
    };
    const listen = [{ port: 0, host: '127.0.0.1', tls: 'implicit' }] as const;
    await expect(openSubmission({ listen, tls: none })).rejects.toThrow(
      'RelaySubmissionModule: tls: the function threw: no such file: key.pem',
    );
  });

  it('warns of clear text that is open to others, none of whom could send', async () => {
    const listen = [{ ...CLEAR, host: '0.0.0.0' }];
    const warnings = async (options: Partial<RelaySubmissionOptions>) => {
      log.lines.length = 0;
      await openSubmission(options);
      return log.lines.filter((line) => line.includes('Nobody can log in'));
    };
    expect(await warnings({ listen })).toEqual([expect.stringMatching(/^warn Nobody can log in at 0\.0\.0\.0:\d+ /)]);
    expect(await warnings({ listen, trusted: ['10.0.0.0/8'] })).toEqual([]);
    expect(await warnings({ listen: [CLEAR] })).toEqual([]);
  });

  it('uses the certificate that `tls` gives the next time, and the one for the name that was asked for', async () => {
    let asked = 0;
    const { submission } = await openSubmission({
      listen: [{ port: 0, host: '127.0.0.1', tls: 'implicit' }],
      tls: () => (++asked === 2 ? { key: 'broken', cert: tls.cert } : { ...tls, names: { 'mail.acme.test': tls } }),
    });
    const { port } = submission.addresses[0]!;
    await expect(submission.renewTls()).rejects.toThrow(RelayConfigurationError);
    await submission.renewTls();
    const client = await SmtpClient.connect(port, { tls: true });
    expect(await client.reply()).toMatch(/^220 /);
    expect(asked).toBe(3);
  });

  it.each([
    ['', ''],
    [', and no others', 'MAIL FROM:<ada@acme.test>\r\n'],
  ])('ends when messages under way have come to their end%s', async (_what, more) => {
    let asked = (): void => {};
    let queued: (result: { id: string }) => void = () => {};
    const under = new Promise<void>((resolve) => (asked = resolve));
    const open = await openSubmission({ trusted }, () => {
      asked();
      return new Promise((resolve) => (queued = resolve));
    });
    const [idle, busy] = [await SmtpClient.connect(open.port), await SmtpClient.connect(open.port)];
    await idle.hello();
    await busy.hello();
    await busy.say('MAIL FROM:<ada@acme.test>');
    const closed = open.close();
    expect(await idle.rest()).toBe('421 4.3.2 The server is shutting down\r\n');
    await expect(SmtpClient.connect(open.port)).rejects.toThrow('ECONNREFUSED');
    expect(await busy.say('RCPT TO:<bob@x.test>')).toMatch(/^250 /);
    expect(await busy.say('DATA')).toMatch(/^354 /);
    busy.write(`From: ada@acme.test\r\n\r\n.\r\n${more}`);
    await under;
    queued({ id: 'last' });
    expect(await busy.rest()).toBe('250 2.0.0 Queued as last\r\n421 4.3.2 The server is shutting down\r\n');
    await closed;
    expect(open.submission.addresses).toEqual([]);
  });

  it('ends in time all the same', async () => {
    const open = await openSubmission({ trusted, shutdownTimeout: 50 });
    const client = await SmtpClient.connect(open.port);
    await client.hello();
    await client.begin();
    await open.close();
    expect(await client.rest()).toBe('');
  });
});

describe('networks', () => {
  it('are of IPv4 and IPv6', () => {
    const networks = readNetworks(['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '::1'], 'trusted');
    expect(['10.255.0.1', '192.0.2.7', 'fd12::1', '::1'].filter((one) => !networks.has(one))).toEqual([]);
    expect(
      ['11.0.0.1', '192.0.2.8', 'fe80::1', '::2', '', 'x', '::ffff:11.0.0.1'].filter((one) => networks.has(one)),
    ).toEqual([]);
  });

  it('of one client are an address, or 64 bits', () => {
    expect(clientNetwork('127.0.0.1')).toBe('127.0.0.1');
    expect(clientNetwork('2001:db8::1')).toBe('2001:db8:0:0');
    expect(clientNetwork('2001:0db8:0000:0000:ffff::1')).toBe('2001:db8:0:0');
    expect(clientNetwork('::1')).toBe('0:0:0:0');
  });
});

describe('logins that fail', () => {
  it('are answered later and later, then not tried any more, until a while has gone by', () => {
    let now = 0;
    const guard = new LoginGuard(() => now);
    const waits = Array.from({ length: 10 }, () => guard.failed('192.0.2.1', 'ada'));
    expect(waits.slice(0, 6)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000]);
    expect(Math.max(...waits)).toBe(8_000);
    expect(guard.isBlocked('192.0.2.1', 'ADA')).toBe(true);
    expect(guard.isBlocked('192.0.2.1', 'bob')).toBe(false);
    expect(guard.isBlocked('192.0.2.2', 'ada')).toBe(false);
    for (let n = 0; n < 90; n++) guard.failed('192.0.2.1', `user${n}`);
    expect(guard.isBlocked('192.0.2.1', 'bob')).toBe(true);
    now = 600_000;
    expect(guard.isBlocked('192.0.2.1', 'ada')).toBe(false);
    expect(guard.failed('192.0.2.1', 'ada')).toBe(250);
    guard.succeeded('192.0.2.1', 'ada');
    expect(guard.failed('192.0.2.1', 'ada')).toBe(250);
  });
});
