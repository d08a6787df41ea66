import { describe, expect, it } from 'vitest';
import { SmtpClient } from './smtp-client.js';
import { log, MESSAGE, openSubmission, tls, Users } from './support.js';

describe('a submission server', () => {
  it('takes a message, and says so only then, with the id of the mail', async () => {
    const { port, taken } = await openSubmission();
    const client = await SmtpClient.connect(port);
    await client.hello();
    expect(await client.logIn()).toMatch(/^235 2\.7\.0 /);
    expect(await client.send(MESSAGE)).toBe('250 2.0.0 Queued as mail-1');
    expect(taken).toHaveLength(1);
    expect(taken[0]!.options).toEqual({ envelope: { from: 'ada@acme.test', to: ['bob@x.test'] }, notify: true });
    const [received, rest] = taken[0]!.raw.split(/(?<=\+0000\r\n)(?=From: )/);
    expect(rest).toBe(MESSAGE);
    expect(received).toMatch(
      /^Received: from client\.test \(\[127\.0\.0\.1\]\)\r\n\tby mail\.acme\.test with ESMTPA id \w+\.1\r\n\tfor <bob@x\.test>;\r\n\t\w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000\r\n$/,
    );
    expect(await client.say('QUIT')).toMatch(/^221 2\.0\.0 /);
  });

  it('announces what it can do', async () => {
    const { port } = await openSubmission({ maxSize: 1_000 });
    const client = await SmtpClient.connect(port);
    expect(await client.reply()).toBe('220 mail.acme.test ESMTP');
    expect(await client.ehlo()).toEqual([
      'mail.acme.test',
      'PIPELINING',
      '8BITMIME',
      'SMTPUTF8',
      'ENHANCEDSTATUSCODES',
      'DSN',
      'AUTH PLAIN LOGIN XOAUTH2',
      'SIZE 1000',
    ]);
  });

  it('listens on IPv6 and IPv4 where no address is named, and knows its clients by either', async () => {
    const { port, taken } = await openSubmission({
      listen: [{ port: 0, tls: 'starttls' }],
      tls,
      trusted: ['127.0.0.1', '::1'],
    });
    for (const host of ['127.0.0.1', '::1']) {
      const client = await SmtpClient.connect(port, { host });
      await client.hello();
      expect(await client.send(MESSAGE)).toMatch(/^250 /);
    }
    expect(taken.map(({ raw }) => /\(\[.*?\]\)/.exec(raw)![0])).toEqual(['([127.0.0.1])', '([IPv6:::1])']);
  });

  it('takes pipelined commands, and one message after another', async () => {
    const { port, taken } = await openSubmission({ trusted: ['127.0.0.1'] });
    const client = await SmtpClient.connect(port);
    await client.hello();
    const commands = 'MAIL FROM:<a@acme.test>\r\nRCPT TO:<b@x.test>\r\nRCPT TO:<c@x.test>\r\nDATA\r\n';
    for (const n of [1, 2, 3]) {
      client.write(commands);
      for (const code of ['250 2.1.0', '250 2.1.5', '250 2.1.5', '354']) expect(await client.reply()).toMatch(code);
      client.write(`From: a@acme.test\r\n\r\n${n}\r\n.\r\n`);
      expect(await client.reply()).toBe(`250 2.0.0 Queued as mail-${n}`);
    }
    expect(taken.map(({ options }) => options.envelope.to)).toEqual([1, 2, 3].map(() => ['b@x.test', 'c@x.test']));
  });

  it.each([
    [
      'PLAIN in two steps',
      [
        ['AUTH PLAIN', /^334/],
        [btoa('\0ada\0secret'), /^235/],
      ],
    ],
    [
      'LOGIN',
      [
        ['AUTH LOGIN', /^334/],
        [btoa('ada'), /^334/],
        [btoa('secret'), /^235/],
      ],
    ],
    [
      'LOGIN with the name at once',
      [
        [`AUTH LOGIN ${btoa('ada')}`, /^334/],
        [btoa('secret'), /^235/],
      ],
    ],
    ['XOAUTH2', [[`AUTH XOAUTH2 ${btoa('user=ada\x01auth=Bearer token\x01\x01')}`, /^235/]]],
    [
      'a wrong token',
      [
        [`AUTH XOAUTH2 ${btoa('user=ada\x01auth=Bearer x\x01\x01')}`, /^334/],
        ['', /^535 5\.7\.8/],
      ],
    ],
    ['a wrong password', [[`AUTH PLAIN ${btoa('\0ada\0wrong')}`, /^535 5\.7\.8/]]],
    ['a name for another', [[`AUTH PLAIN ${btoa('eve\0ada\0secret')}`, /^535 5\.7\.8/]]],
    [
      'an abort',
      [
        ['AUTH LOGIN', /^334/],
        ['*', /^501/],
      ],
    ],
    ['an unknown mechanism', [['AUTH CRAM-MD5', /^504 5\.5\.4/]]],
    [
      'a second login',
      [
        [`AUTH PLAIN ${btoa('\0ada\0secret')}`, /^235/],
        [`AUTH PLAIN ${btoa('\0ada\0secret')}`, /^503/],
      ],
    ],
  ] as const)('logs in by AUTH: %s', async (_what, steps) => {
    const { port } = await openSubmission();
    const client = await SmtpClient.connect(port);
    await client.hello();
    for (const [line, reply] of steps) expect(await client.say(line)).toMatch(reply);
  });

  it('tells the authenticator who asks, and how', async () => {
    const authenticator = new Users();
    const { submission } = await openSubmission({
      listen: [{ port: 0, host: '::1', tls: 'implicit' }],
      tls,
      authenticator,
    });
    const client = await SmtpClient.connect(submission.addresses[0]!.port, { tls: true, host: '::1' });
    await client.hello();
    await client.logIn();
    expect(authenticator.asked).toEqual([
      { method: 'PLAIN', username: 'ada', password: 'secret', remoteAddress: '::1', secure: true },
    ]);
  });

  it('says 454 when logins cannot be checked, without the password in the log', async () => {
    log.lines.length = 0;
    const failing = { authenticate: async () => Promise.reject(new Error('no row for ada with secret')) };
    const { port } = await openSubmission({ authenticator: failing });
    const client = await SmtpClient.connect(port);
    await client.hello();
    expect(await client.logIn()).toMatch(/^454 4\.7\.0 /);
    expect(log.lines).toContain('warn SubmissionAuthenticator failed: no row for ada with ***');
  });
});

describe('TLS', () => {
  it('comes before AUTH, and what was known before it is forgotten', async () => {
    const { port, taken } = await openSubmission({ listen: [{ port: 0, host: '127.0.0.1', tls: 'starttls' }], tls });
    const client = await SmtpClient.connect(port);
    const offered = await client.hello();
    expect(offered).toContain('STARTTLS');
    expect(offered.join()).not.toContain('AUTH');
    expect(await client.logIn()).toMatch(/^538 5\.7\.11 /);
    expect(await client.say('MAIL FROM:<ada@acme.test>')).toMatch(/^530 5\.7\.0 .*STARTTLS/);
    expect(await client.say('STARTTLS')).toMatch(/^220 /);
    await client.startTls();
    expect(await client.say('MAIL FROM:<ada@acme.test>')).toMatch(/^503 /);
    expect(await client.ehlo()).toContain('AUTH PLAIN LOGIN XOAUTH2');
    expect(await client.say('MAIL FROM:<ada@acme.test>')).toMatch(/^530 5\.7\.0 /);
    expect(await client.logIn()).toMatch(/^235 /);
    expect(await client.send(MESSAGE)).toMatch(/^250 /);
    expect(taken[0]!.raw).toContain('with ESMTPSA id');
  });

  it('throws away what was said behind STARTTLS in clear (CVE-2011-0411)', async () => {
    const { port, taken } = await openSubmission({
      listen: [{ port: 0, host: '127.0.0.1', tls: 'starttls' }],
      tls,
      trusted: ['127.0.0.1'],
    });
    const client = await SmtpClient.connect(port);
    await client.hello();
    client.write(`STARTTLS\r\nEHLO evil.test\r\nMAIL FROM:<evil@acme.test>\r\nRCPT TO:<bob@x.test>\r\n`);
    expect(await client.reply()).toMatch(/^220 /);
    await client.startTls();
    expect(await client.say('DATA')).toMatch(/^503 /);
    await client.ehlo();
    expect(await client.send(MESSAGE)).toMatch(/^250 /);
    expect(taken).toHaveLength(1);
    expect(taken[0]!.options.envelope.from).toBe('ada@acme.test');
  });

  it('offers no AUTH in clear but over the loopback', async () => {
    // Not the loopback's: on Linux, every address of the machine is reached from itself.
    const address = Object.values((await import('node:os')).networkInterfaces())
      .flat()
      .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
    if (address === undefined) return;
    const { port } = await openSubmission({ listen: [{ port: 0, host: '0.0.0.0', tls: 'none' }] });
    const outside = await SmtpClient.connect(port, { host: address });
    expect((await outside.hello()).join()).not.toContain('AUTH');
    expect(await outside.logIn()).toMatch(/^538 5\.7\.11 /);
    const inside = await SmtpClient.connect(port);
    expect((await inside.hello()).join()).toContain('AUTH');
  });
});
