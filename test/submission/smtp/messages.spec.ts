import { describe, expect, it } from 'vitest';
import { MailMessageError, QueueUnavailableError, UnsupportedFeatureError } from '../../../lib/index.js';
import { SmtpClient } from './smtp-client.js';
import { log, MESSAGE, messageWith, openSubmission, type OpenSubmission, Users } from './support.js';

function failing(error: Error): () => Promise<never> {
  return async () => {
    throw error;
  };
}

/** A client that has logged in. */
async function loggedIn({ port }: OpenSubmission): Promise<SmtpClient> {
  const client = await SmtpClient.connect(port);
  await client.hello();
  await client.logIn();
  return client;
}

describe('who may send', () => {
  it('is nobody without AUTH but trusted networks', async () => {
    const open = await openSubmission({ trusted: ['10.0.0.0/8', '127.0.0.2/31', '::1'] });
    const stranger = await SmtpClient.connect(open.port);
    await stranger.hello();
    expect(await stranger.begin()).toMatch(/^530 5\.7\.0 /);
    const friend = await openSubmission({ trusted: ['127.0.0.0/8'] });
    const client = await SmtpClient.connect(friend.port);
    await client.hello();
    expect(await client.send(MESSAGE, 'anybody@anywhere.test')).toMatch(/^250 /);
    expect(await client.send(MESSAGE, '')).toMatch(/^250 /);
    expect(friend.taken[1]!.options.envelope.from).toBe('');
  });

  it.each([
    ['ada@acme.test', '250'],
    ['ada@ACME.test', '250'],
    ['ada@news.acme.test', '550 5.7.1'],
    ['ada@x.other.test', '250'],
    ['ada@other.test', '550 5.7.1'],
    ['ada@notacme.test', '550 5.7.1'],
    ['ada@xn--mller-kva.test', '250'],
    ['"a@acme.test"@evil.test', '550 5.7.1'],
    ['ada@acme.test/.evil.test', '501 5.1.7'],
    ['', '250'],
  ])('MAIL FROM:<%s> is answered %s where senders are named', async (from, reply) => {
    const senders = ['acme.test', '*.other.test', 'müller.test'];
    const client = await loggedIn(await openSubmission({ authenticator: new Users({ senders }) }));
    expect(await client.say(`MAIL FROM:<${from}>`)).toContain(reply);
  });

  it.each([
    ['ada@acme.test', '250'],
    ['"Doe, Ada" (the <one> with @) <ada@acme.test>, bob@acme.test', '250'],
    ['=?utf-8?q?Ad=40a?= <ada@ACME.TEST>', '250'],
    ['ada@acme.test, eve@evil.test', '550 5.7.1'],
    ['Ada <ceo@bank.test>', '550 5.7.1'],
    ['ceo@bank.test <ada@acme.test>', '550 5.6.0'],
    ['"x" <ceo@bank.test> <ada@acme.test>', '550 5.6.0'],
    ['<ada@acme.test>@bank.test', '550 5.6.0'],
    ['Group: ceo@bank.test, ada@acme.test;', '550 5.6.0'],
    ['ada@acme.test\r\nFrom: ceo@bank.test', '550 5.6.0'],
    ['ada@acme.test\r\nFrom : ceo@bank.test', '550 5.6.0'],
    ['ceo@acme.test/.bank.test', '550 5.7.1'],
    ['ceo@bank.test\0.acme.test', '550 5.7.1'],
    ['ceo@bank.test*.acme.test', '550 5.7.1'],
    ['ada@acme.test\r\nSender: bob@acme.test', '250'],
    ['ada@acme.test\r\nSender: ceo@bank.test', '550 5.7.1 Sender: <ceo@bank.test>'],
    ['ada@acme.test\r\nResent-From: ceo@bank.test', '550 5.7.1 Resent-From: '],
    [Array.from({ length: 101 }, () => 'ada@acme.test').join(',\r\n '), '550 5.6.0'],
    ['', '550 5.6.0'],
  ])('From: %s is answered %s where senders are named', async (from, reply) => {
    const open = await openSubmission({ authenticator: new Users({ senders: ['acme.test', '*.acme.test'] }) });
    const client = await loggedIn(open);
    expect(await client.send(MESSAGE.replace('Ada <ada@acme.test>', from))).toContain(reply);
    expect(open.taken).toHaveLength(reply === '250' ? 1 : 0);
  });

  it('is refused when From is missing', async () => {
    const client = await loggedIn(await openSubmission());
    expect(await client.send('Subject: x\r\n\r\nx\r\n')).toMatch(/^550 5\.6\.0 .*From/);
    expect(await client.send('')).toMatch(/^550 5\.6\.0 .*From/);
  });

  it('holds for messages as for users: stream, tenant, rate', async () => {
    const user = { stream: 'broadcast', tenant: 'acme', rate: '2/h' } as const;
    const open = await openSubmission({ authenticator: new Users(user) });
    const client = await loggedIn(open);
    expect(await client.send(MESSAGE)).toMatch(/^250 /);
    expect(open.taken[0]!.options).toMatchObject({ stream: 'broadcast', tenant: 'acme' });
    expect(await client.send(messageWith('X-Relay-Stream: transactional'))).toMatch(/^550 5\.7\.1 X-Relay-Stream/);
    expect(await client.send(MESSAGE)).toMatch(/^250 /);
    expect(await client.send(MESSAGE)).toMatch(/^450 4\.7\.1 .*2\/h/);
    // Now it is known before the message comes.
    expect(await client.say('MAIL FROM:<ada@acme.test>')).toMatch(/^450 4\.7\.1 /);
    const other = await SmtpClient.connect(open.port);
    await other.hello();
    await other.logIn('bob');
    expect(await other.send(MESSAGE)).toMatch(/^250 /);
  });
});

describe('a message', () => {
  it.each([
    ['\n.\n', 'a\n.\nb\r\n'],
    ['\n.\r\n', 'a\n.\r\nMAIL FROM:<evil@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\nFrom: x\r\n\r\nx\r\n'],
    ['\r.\r', 'a\r.\rb\r\n'],
    ['\r\n.\r', 'a\r\n.\rb\r\n'],
    ['\r\n.\n', 'a\r\n.\nb\r\n'],
    ['\r.\r\n', 'a\r.\r\nb\r\n'],
    ['\r\r\n', 'a\r\r\nb\r\n'],
    ['\n', 'a\nb\r\n'],
  ])('with %j in it is refused, and its client goes no further', async (_what, body) => {
    for (const size of [Infinity, 1]) {
      const open = await openSubmission();
      const client = await loggedIn(open);
      await client.begin();
      const bytes = Buffer.from(`From: ada@acme.test\r\n\r\n${body}.\r\nNOOP\r\n`);
      // In one piece, and a byte at a time.
      for (let at = 0; at < bytes.length; at += size) client.write(bytes.subarray(at, at + size));
      expect(await client.reply()).toMatch(/^550 5\.5\.2 /);
      expect(await client.rest()).toBe('');
      expect(open.taken).toEqual([]);
    }
  });

  it('may have dots anywhere, whatever the pieces it comes in', async () => {
    const open = await openSubmission();
    const client = await loggedIn(open);
    const text = 'From: ada@acme.test\r\n\r\n.\r\n..\r\n...\r\n.a\r\na.\r\n.\r\n\r\n.\r\n';
    for (let size = 1; size < 12; size++) {
      await client.begin();
      const bytes = Buffer.from(`${text.replaceAll(/^\./gm, '..')}.\r\n`);
      for (let at = 0; at < bytes.length; at += size) {
        client.write(bytes.subarray(at, at + size));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await client.reply()).toMatch(/^250 /);
      expect(open.taken.at(-1)!.raw.endsWith(`+0000\r\n${text}`)).toBe(true);
    }
  });

  it('is refused for its size at MAIL, and when it turns out larger', async () => {
    const open = await openSubmission({ maxSize: 5_000 });
    const client = await loggedIn(open);
    expect(await client.say('MAIL FROM:<ada@acme.test> SIZE=5001')).toMatch(/^552 5\.3\.4 /);
    expect(await client.send(`${MESSAGE}${'x'.repeat(70)}\r\n`.padEnd(5_000, 'y') + '\r\n')).toMatch(/^552 5\.3\.4 /);
    expect(await client.send(MESSAGE)).toMatch(/^250 /);
  });

  it('may have 25 MiB', { timeout: 60_000 }, async () => {
    const open = await openSubmission();
    const client = await loggedIn(open);
    const body = `${'x'.repeat(1_022)}\r\n`.repeat(25 * 1024);
    const whole = (MESSAGE + body).slice(0, 25 * 1024 * 1024 - 2);
    expect(await client.send(`${whole}\r\n`)).toMatch(/^250 /);
    const { readRaw } = await import('../../../lib/compose/read-raw.js');
    expect(() => readRaw(Buffer.from(open.taken[0]!.raw, 'latin1'), new Date(), () => '<x@y>')).not.toThrow();
    expect(await client.send(`${whole}x\r\n`)).toMatch(/^552 5\.3\.4 /);
  });

  it('may have long lines, up to a bound', async () => {
    const open = await openSubmission();
    const client = await loggedIn(open);
    expect(await client.send(`${MESSAGE}${'x'.repeat(60_000)}\r\n`)).toMatch(/^250 /);
    expect(await client.send(`${MESSAGE}${'x'.repeat(70_000)}\r\n`)).toMatch(/^550 5\.6\.0 A line/);
  });

  it('is refused when its header is none, or too long', async () => {
    const client = await loggedIn(await openSubmission());
    expect(await client.send(messageWith('no field'))).toMatch(/^550 5\.6\.0 .*no field/);
    expect(await client.send(messageWith(...Array(4_000).fill(`X-Long: ${'x'.repeat(70)}`)))).toMatch(
      /^552 5\.3\.4 .*header/,
    );
  });

  it('is refused as a loop after 100 hops', async () => {
    const client = await loggedIn(await openSubmission());
    const hops = (count: number) =>
      messageWith(...Array(count).fill('Received: from a by b; Fri, 27 Nov 2026 10:00:00 +0000'));
    expect(await client.send(hops(99))).toMatch(/^250 /);
    expect(await client.send(hops(100))).toMatch(/^554 5\.4\.6 /);
  });

  it('is not taken while too much is coming in', async () => {
    const open = await openSubmission({ maxSize: 100_000, maxBuffered: 150_000 });
    const [first, second] = [await loggedIn(open), await loggedIn(open)];
    const large = `${MESSAGE}${`${'x'.repeat(70)}\r\n`.repeat(1_250)}`;
    await first.begin();
    first.write(large.replaceAll(/^\./gm, '..'));
    expect(await second.send(large)).toMatch(/^452 4\.3\.1 /);
    first.write('.\r\n');
    expect(await first.reply()).toMatch(/^250 /);
    expect(await second.send(large)).toMatch(/^250 /);
  });

  it.each([
    [
      new QueueUnavailableError(false, 'redis://secret is away'),
      '451 4.3.0 The queue cannot be reached; try again later',
    ],
    [new QueueUnavailableError('unknown', 'x'), '451 4.3.0 The queue cannot be reached; try again later'],
    [new MailMessageError('raw', 'is too large', { reason: 'too-large' }), '552 5.3.4 raw: is too large'],
    [new MailMessageError('envelope.to[0]', 'is bad'), '553 5.1.3 envelope.to[0]: is bad'],
    [new MailMessageError('transport', 'ses: there is none\r\nÄ'), '550 5.6.0 X-Relay-Transport: ses: there is none?'],
    [new MailMessageError('metadata.plan', 'is bad'), '550 5.6.0 X-Relay-Metadata-Plan: is bad'],
    [new UnsupportedFeatureError('cc', 'ses', 'ses takes no cc'), '554 5.3.3 ses takes no cc'],
    [new TypeError('secret internals'), '451 4.3.0 Something went wrong here; try again later'],
  ])('is answered by what became of it: %s', async (error, reply) => {
    const client = await loggedIn(await openSubmission({}, failing(error)));
    expect(await client.send(MESSAGE)).toBe(reply);
  });

  it('leaves a line for each reason that something was refused for, MAIL included', async () => {
    log.lines.length = 0;
    const client = await loggedIn(await openSubmission({ authenticator: new Users({ senders: ['mine.test'] }) }));
    await client.say('MAIL FROM:<ada@evil.test>');
    await client.say('MAIL FROM:<ada@evil.test>');
    const mine = MESSAGE.replace('ada@acme.test', 'ada@mine.test');
    const refused = `X-Relay-Priority: soon\r\n${mine}`;
    await client.say('MAIL FROM:<ada@mine.test>');
    await client.say('RCPT TO:<bob@x.test>');
    await client.say('DATA');
    expect(await client.say(`${refused.replaceAll('\r\n.', '\r\n..')}.`)).toMatch(/^550 5\.6\.0/);
    expect(log.lines.filter((line) => line.includes('was refused')).map((line) => line.slice(0, 59))).toEqual([
      'warn A message from user "ada" was refused: 550 5.7.1 <ada@'.slice(0, 59),
      'warn A message from user "ada" was refused: 550 5.6.0 X-Rel'.slice(0, 59),
    ]);
  });

  it('is not spoken of in the log, but for why it was refused', async () => {
    log.lines.length = 0;
    const client = await loggedIn(await openSubmission({ authenticator: new Users({ senders: ['acme.test'] }) }));
    await client.send(MESSAGE.replace('ada@acme.test', 'ada@evil.test'));
    expect(log.lines.at(-1)).toBe(
      'warn A message from user "ada" was refused: 550 5.7.1 From: <ada@evil.test> is not of a domain that you may send from',
    );
    expect(log.lines.join()).not.toMatch(/secret|Hello/);
  });

  it('names its user where that is asked for', async () => {
    const open = await openSubmission({ traceUser: true });
    const client = await loggedIn(open);
    await client.send(MESSAGE, undefined, ['bob@x.test', 'eve@x.test']);
    expect(open.taken[0]!.raw).toMatch(/^Received: .*\r\n\t\(Authenticated sender: ada\)\r\n\tby /);
    // Recipients are not told of each other.
    expect(open.taken[0]!.raw).not.toContain('for <');
  });
});

describe('addresses and parameters', () => {
  it.each([
    ['MAIL FROM:<ada@acme.test> BODY=8BITMIME SMTPUTF8 SIZE=10 RET=HDRS ENVID=a AUTH=<>', '250'],
    ['MAIL FROM: <ada@acme.test>', '250'],
    ['mail from:<@a.test,@b.test:ada@acme.test>', '250'],
    ['MAIL FROM:<"a b>c"@acme.test>', '250'],
    ['MAIL FROM:<ada@[127.0.0.1]>', '250'],
    ['MAIL FROM:<ädä@acme.test>', '553 5.6.7'],
    ['MAIL FROM:<ädä@acme.test> SMTPUTF8', '250'],
    ['MAIL FROM:ada@acme.test', '501 5.1.7'],
    ['MAIL FROM:<ada>', '501 5.1.7'],
    ['MAIL FROM:<ada@acme.test', '501 5.1.7'],
    ['MAIL FROM:<a\0da@acme.test>', '501 5.1.7'],
    [`MAIL FROM:<${'x'.repeat(100)}@acme.test>`, '501 5.1.7'],
    ['MAIL <ada@acme.test>', '501 5.1.7'],
    ['MAIL FROM:<ada@acme.test>SIZE=1', '501 5.5.4'],
    ['MAIL FROM:<ada@acme.test> SIZE=1 SIZE=2', '501 5.5.4'],
    ['MAIL FROM:<ada@acme.test> SIZE=x', '501 5.5.4'],
    ['MAIL FROM:<ada@acme.test> BODY=BINARYMIME', '501 5.5.4'],
    ['MAIL FROM:<ada@acme.test> RET=ALL', '501 5.5.4'],
    ['MAIL FROM:<ada@acme.test> ENVID=a+zz', '501 5.5.4'],
    ['MAIL FROM:<ada@acme.test> ENVID=a+0D+0Ab', '501 5.5.4'],
    ['MAIL FROM:<ada@acme.test> HOLDFOR=10', '555 5.5.4'],
  ])('%j is answered %s', async (line, reply) => {
    const client = await loggedIn(await openSubmission());
    expect((await client.say(line)).slice(0, reply.length)).toBe(reply);
  });

  it.each([
    ['RCPT TO:<bob@x.test> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;bob+2Btag@x.test', '250'],
    ['RCPT TO:<bob@x.test> NOTIFY=NEVER,DELAY', '501'],
    ['RCPT TO:<bob@x.test> NOTIFY=ALWAYS', '501'],
    ['RCPT TO:<bob@x.test> ORCPT=bob', '501'],
    ['RCPT TO:<>', '501'],
    ['RCPT TO:<Postmaster>', '250'],
  ])('%j is answered %s', async (line, reply) => {
    const client = await loggedIn(await openSubmission());
    await client.say('MAIL FROM:<ada@acme.test>');
    expect(await client.say(line)).toMatch(reply);
  });

  it('takes recipients for two where only their case differs', async () => {
    const open = await openSubmission({ maxRecipients: 2 });
    const client = await loggedIn(open);
    await client.say('MAIL FROM:<ada@acme.test>');
    for (const to of ['Bob@x.test', 'bob@x.test', 'bob@X.test'])
      expect(await client.say(`RCPT TO:<${to}>`)).toMatch('250');
    expect(await client.say('RCPT TO:<BOB@x.test>')).toMatch(/^452 /);
    await client.say('DATA');
    client.write(`${MESSAGE.replaceAll(/^\./gm, '..')}.\r\n`);
    expect(await client.reply()).toMatch(/^250 /);
    expect(open.taken[0]!.options.envelope.to).toEqual(['Bob@x.test', 'bob@x.test']);
  });

  it('asks for notifications as the client does', async () => {
    const open = await openSubmission();
    const client = await loggedIn(open);
    await client.say('MAIL FROM:<ada@acme.test> RET=FULL ENVID=QQ+2B1');
    await client.say('RCPT TO:<bob@x.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2Bb@x.test');
    await client.say('RCPT TO:<Eve@X.test> NOTIFY=NEVER');
    await client.say('RCPT TO:<ulf@müller.test> ORCPT=utf-8;ulf@m\\x{FC}ller.test');
    await client.say('RCPT TO:<joe@x.test>');
    await client.say('DATA');
    client.write(`${MESSAGE.replaceAll(/^\./gm, '..')}.\r\n`);
    expect(await client.reply()).toMatch(/^250 /);
    expect(open.taken[0]!.options).toEqual({
      envelope: { from: 'ada@acme.test', to: ['bob@x.test', 'Eve@x.test', 'ulf@xn--mller-kva.test', 'joe@x.test'] },
      notify: {
        ret: 'FULL',
        envid: 'QQ+1',
        recipients: {
          'bob@x.test': { notify: ['SUCCESS', 'DELAY'], orcpt: 'rfc822;b+b@x.test' },
          'Eve@x.test': { notify: ['NEVER'] },
          'ulf@xn--mller-kva.test': { orcpt: 'utf-8;ulf@müller.test' },
        },
      },
    });
  });
});

describe('X-Relay fields', () => {
  it('are understood and removed', async () => {
    const open = await openSubmission();
    const client = await loggedIn(open);
    const before = ['DKIM-Signature: v=1; a=x;', '\tb=y'];
    const fields = [
      'X-Relay-Tag: welcome, trial',
      'x-relay-tag: =?utf-8?q?gr=C3=BCn?=',
      'X-Relay-Metadata-Plan: pro',
      'X-Relay-Metadata-Order-Id:\r\n 42',
      'X-Relay-Transport: ses',
      'X-Relay-Send-At: 2030-01-31T10:00:00+01:00',
      'X-Relay-Stream: broadcast',
      'X-Relay-Priority: High',
      'X-Relay-Idempotency-Key: one',
      'X-Relay-Other: stays',
    ];
    expect(await client.send(messageWith(...before, ...fields))).toMatch(/^250 /);
    const { raw, options } = open.taken[0]!;
    expect(raw.slice(raw.indexOf('DKIM-'))).toBe(`${before.join('\r\n')}\r\nX-Relay-Other: stays\r\n${MESSAGE}`);
    expect(options).toMatchObject({
      tags: ['welcome', 'trial', 'grün'],
      metadata: { plan: 'pro', 'order-id': '42' },
      transport: 'ses',
      sendAt: new Date('2030-01-31T09:00:00Z'),
      stream: 'broadcast',
      priority: 'high',
    });
    // A user's key is not another's.
    await client.say('QUIT');
    const other = await SmtpClient.connect(open.port);
    await other.hello();
    await other.logIn('bob');
    await other.send(messageWith('X-Relay-Idempotency-Key: one'));
    expect(open.taken[1]!.options.idempotencyKey).not.toBe(options.idempotencyKey);
  });

  it.each([
    ['X-Relay-Send-At: Thu, 31 Jan 2030 09:00:00 +0000', '250'],
    ['X-Relay-Send-At: tomorrow', '550 5.6.0 X-Relay-Send-At: is no time'],
    ['X-Relay-Send-At: 2030-01-31', '550 5.6.0 X-Relay-Send-At: is no time'],
    ['X-Relay-Send-At: 2030-13-31T10:00:00Z', '550 5.6.0 X-Relay-Send-At: is no time'],
    ['X-Relay-Priority: urgent', '550 5.6.0 X-Relay-Priority: is high, normal or low'],
    ['X-Relay-Tag: a,,b', '550 5.6.0 X-Relay-Tag: has an empty tag'],
    ['X-Relay-Metadata-: x', '550 5.6.0 X-Relay-Metadata-: names no key'],
    ['X-Relay-Metadata-A: x\r\nX-Relay-Metadata-a: y', '550 5.6.0 X-Relay-Metadata-A: is there twice'],
    ['X-Relay-Stream: a\r\nX-Relay-Stream: b', '550 5.6.0 X-Relay-Stream: is there twice'],
    ['X-Relay-Transport:', '550 5.6.0 X-Relay-Transport: is empty'],
  ])('%j: %s', async (field, reply) => {
    const client = await loggedIn(await openSubmission());
    expect(await client.send(messageWith(field))).toContain(reply);
  });
});
