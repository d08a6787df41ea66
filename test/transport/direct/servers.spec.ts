import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { faultyServer, smtpServer } from '../../support/smtp/smtp-fixtures.js';
import { directTransport, dnsServer, send, statesOf } from './support.js';

describe('finding the servers', () => {
  it('goes to the MX of each recipient’s domain', async () => {
    const acme = await smtpServer({ host: '127.0.0.2' });
    const other = await smtpServer({ host: '127.0.0.3', port: acme.port });
    const dns = await dnsServer({
      'acme.test': { MX: '10 mx.acme.test' },
      'mx.acme.test': { A: '127.0.0.2' },
      'other.test': { MX: '10 mx.other.test' },
      'mx.other.test': { A: '127.0.0.3' },
    });
    const direct = directTransport(dns, { port: acme.port });
    const result = await send(direct, ['a@acme.test', 'b@other.test', 'c@ACME.test']);
    expect(statesOf(result)).toBe('a@acme.test sent, b@other.test sent, c@ACME.test sent');
    expect(acme.mails.map(({ envelope }) => envelope.to)).toEqual([['a@acme.test', 'c@ACME.test']]);
    expect(other.mails.map(({ envelope }) => envelope.to)).toEqual([['b@other.test']]);
    expect(result.response!.split('; ').toSorted()).toEqual([
      '250 Ok: queued as 1 (mx.acme.test)',
      '250 Ok: queued as 1 (mx.other.test)',
    ]);
  });

  it('takes the domain itself for its server where it has no MX', async () => {
    const server = await smtpServer({ host: '127.0.0.2' });
    const dns = await dnsServer({ 'acme.test': { A: '127.0.0.2' } });
    const result = await send(directTransport(dns, { port: server.port }), 'a@acme.test');
    expect(statesOf(result)).toBe('a@acme.test sent');
  });

  it('goes to an address literal without asking', async () => {
    const server = await smtpServer({ host: '127.0.0.2' });
    const dns = await dnsServer();
    const result = await send(directTransport(dns, { port: server.port }), 'a@[127.0.0.2]');
    expect(statesOf(result)).toBe('a@[127.0.0.2] sent');
    expect(dns.questions).toEqual([]);
  });

  it('finds domains with letters beyond ASCII', async () => {
    const server = await smtpServer({ host: '127.0.0.2' });
    const dns = await dnsServer({
      'xn--bcher-kva.test': { MX: '10 mx.xn--bcher-kva.test' },
      'mx.xn--bcher-kva.test': { A: '127.0.0.2' },
    });
    const direct = directTransport(dns, { port: server.port });
    expect(statesOf(await send(direct, 'a@xn--bcher-kva.test'))).toBe('a@xn--bcher-kva.test sent');
    expect((await send(direct, 'a@bücher.test')).recipients[0]!.state).toBe('sent');
  });

  it.each([
    ['NXDOMAIN', 'nobody.test', '5.1.2', 'bad-domain', /no such domain/],
    ['a null MX', 'null.test', '5.1.10', 'bad-domain', /takes no mail: it has a null MX/],
    ['neither MX nor address', 'bare.test', '5.1.2', 'bad-domain', /neither MX nor address/],
    ['servers without an address', 'lost.test', '5.4.4', 'network', /its server mx\.nowhere\.test has no address/],
  ])('bounces %s, and nobody else', async (_, domain, enhancedCode, reason, words) => {
    const server = await smtpServer({ host: '127.0.0.2' });
    const dns = await dnsServer({
      'null.test': { MX: '0 .' },
      'bare.test': { TXT: 'nothing' },
      'lost.test': { MX: '10 mx.nowhere.test' },
      'acme.test': { A: '127.0.0.2' },
    });
    const { recipients } = await send(directTransport(dns, { port: server.port }), [`a@${domain}`, 'b@acme.test']);
    expect(recipients).toMatchObject([
      { state: 'bounced', error: { permanent: true, scope: 'recipient', enhancedCode, reason } },
      { state: 'sent' },
    ]);
    expect(recipients[0]!.error!.message).toMatch(words);
  });

  it.each(['SERVFAIL', 'silent', 'REFUSED'] as const)('waits when the DNS does not know: %s', async (failure) => {
    const dns = await dnsServer({
      'acme.test': failure,
      'other.test': { MX: '10 mx.other.test' },
      'mx.other.test': failure,
    });
    const direct = directTransport(dns, { dns: { servers: [dns.address], timeout: 200, tries: 1 } });
    const { recipients } = await send(direct, ['a@acme.test', 'b@other.test']);
    for (const { state, error } of recipients) {
      expect(state).toBe('deferred');
      expect(error).toMatchObject({ permanent: false, scope: 'recipient', reason: 'network' });
    }
  });

  it('never connects to addresses that no public server has, unless it may', async () => {
    const server = await smtpServer({ host: '127.0.0.2' });
    const dns = await dnsServer({
      'acme.test': { MX: '10 mx.acme.test' },
      'mx.acme.test': { A: ['127.0.0.2', '10.0.0.1', '169.254.169.254'], AAAA: '::ffff:127.0.0.2' },
    });
    const { recipients } = await send(directTransport(dns, { port: server.port, allowPrivate: false }), [
      'a@acme.test',
      'a@[127.0.0.2]',
      'a@localhost',
    ]);
    for (const { state, error } of recipients) {
      expect(state).toBe('bounced');
      expect(error).toMatchObject({ code: 'EPRIVATE', message: expect.stringContaining('allowPrivate') });
    }
    expect(server.connections).toBe(0);
  });

  it('knows its own servers, and goes only to those before them', async () => {
    const server = await smtpServer({ host: '127.0.0.2' });
    const dns = await dnsServer({
      'loop.test': { MX: ['10 us.test', '20 mx.loop.test'] },
      'backup.test': { MX: ['10 mx.loop.test', '20 us.test', '30 third.test'] },
      'hidden.test': { MX: '10 alias.test' },
      'alias.test': { A: '127.0.0.9' },
      'mx.loop.test': { A: '127.0.0.2' },
    });
    const direct = directTransport(dns, { port: server.port, self: ['us.test', '127.0.0.9'] });
    const { recipients } = await send(direct, ['a@loop.test', 'b@backup.test', 'c@hidden.test']);
    expect(recipients).toMatchObject([
      { state: 'bounced', error: { code: 'ELOOP', enhancedCode: '5.4.6' } },
      { state: 'sent' },
      { state: 'bounced', error: { code: 'ELOOP' } },
    ]);
  });

  it('spreads over servers that are equal', async () => {
    const one = await smtpServer({ host: '127.0.0.2' });
    const two = await smtpServer({ host: '127.0.0.3', port: one.port });
    const dns = await dnsServer({
      'acme.test': { MX: ['10 one.acme.test', '10 two.acme.test', '5 us.test'] },
      'one.acme.test': { A: '127.0.0.2' },
      'two.acme.test': { A: '127.0.0.3' },
      'us.test': { A: '127.0.0.4' },
    });
    const direct = directTransport(dns, { port: one.port });
    for (let index = 0; index < 40; index++) await send(direct, 'a@acme.test');
    expect(one.mails.length + two.mails.length).toBe(40);
    expect(Math.min(one.mails.length, two.mails.length)).toBeGreaterThan(3);
  });
});

describe('two servers of a domain, of which the first', () => {
  const zone = {
    'acme.test': { MX: ['10 first.acme.test', '20 second.acme.test'] },
    'first.acme.test': { A: '127.0.0.2' },
    'second.acme.test': { A: '127.0.0.3' },
  };

  it('is down: the second has the mail, and the first is left alone for a while', async () => {
    vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    onTestFinished(() => void vi.restoreAllMocks());
    const second = await smtpServer({ host: '127.0.0.3' });
    const dns = await dnsServer(zone);
    const direct = directTransport(dns, { port: second.port });
    expect(statesOf(await send(direct, 'a@acme.test'))).toBe('a@acme.test sent');
    expect(statesOf(await send(direct, 'b@acme.test'))).toBe('b@acme.test sent');
    expect(second.mails).toHaveLength(2);
    const first = await smtpServer({ host: '127.0.0.2', port: second.port });
    expect(statesOf(await send(direct, 'c@acme.test'))).toBe('c@acme.test sent');
    expect([first.connections, second.mails.length]).toEqual([0, 3]);
  });

  it.each([
    ['refuses everybody', { greeting: { say: '554 No SMTP service here', thenClose: true } }],
    ['is busy', { greeting: { say: '421 4.3.2 Too busy', thenClose: true } }],
    ['hangs up after EHLO', { ehlo: { do: 'reset' } }],
    ['is busy after MAIL', { mail: '421 4.3.2 Shutting down' }],
    ['has no room for the message', { mail: '452 4.3.1 Insufficient system storage' }],
    ['is out of order at RCPT', { rcpt: '451 4.3.0 Temporary lookup failure' }],
    ['breaks off at DATA', { data: { do: 'reset' } }],
    ['hangs', { greeting: { do: 'hang' } }],
  ] as const)('%s: the second has the mail', async (_, script) => {
    const first = await faultyServer({ host: '127.0.0.2', script });
    const second = await smtpServer({ host: '127.0.0.3', port: first.port });
    const dns = await dnsServer(zone);
    const direct = directTransport(dns, { port: first.port, timeouts: { greeting: '1s' } });
    expect(statesOf(await send(direct, ['a@acme.test', 'b@acme.test']))).toBe('a@acme.test sent, b@acme.test sent');
    expect(second.mails).toHaveLength(1);
    expect(first.mails).toHaveLength(0);
  });

  it('greylists: the mail waits for it, minutes at first, then longer', async () => {
    const first = await faultyServer({
      host: '127.0.0.2',
      script: { rcpt: '450 4.2.0 <a@acme.test>: Recipient address rejected: Greylisted, see http://postgrey.test' },
    });
    const second = await smtpServer({ host: '127.0.0.3', port: first.port });
    const direct = directTransport(await dnsServer(zone), { port: first.port });
    const waits: number[] = [];
    for (const attempt of [1, 2, 3, 20]) {
      const { recipients } = await send(direct, 'a@acme.test', { attempt });
      expect(recipients).toMatchObject([{ state: 'deferred', error: { reason: 'greylisted', scope: 'recipient' } }]);
      waits.push(recipients[0]!.error!.retryAfter! / 60_000);
    }
    for (const [index, minutes] of [5, 10, 20, 60].entries()) {
      expect(waits[index]).toBeGreaterThan(minutes);
      expect(waits[index]).toBeLessThan(minutes * 1.2);
    }
    expect(second.connections).toBe(0);
  });

  it('refuses the recipient for good: he bounces, whatever the second would say', async () => {
    const first = await faultyServer({ host: '127.0.0.2', script: { rcpt: '550 5.1.1 No such user' } });
    const second = await smtpServer({ host: '127.0.0.3', port: first.port });
    const direct = directTransport(await dnsServer(zone), { port: first.port });
    const { recipients } = await send(direct, 'a@acme.test');
    expect(recipients).toMatchObject([{ state: 'bounced', error: { enhancedCode: '5.1.1', scope: 'recipient' } }]);
    expect(second.connections).toBe(0);
  });

  it('takes the message and does not answer: nobody else gets it', async () => {
    const first = await faultyServer({ host: '127.0.0.2', script: { dot: { do: 'reset' } } });
    const second = await smtpServer({ host: '127.0.0.3', port: first.port });
    const other = await smtpServer({ host: '127.0.0.4', port: first.port });
    const dns = await dnsServer({ ...zone, 'other.test': { A: '127.0.0.4' } });
    const direct = directTransport(dns, { port: first.port });
    const { recipients } = await send(direct, ['a@acme.test', 'b@other.test']);
    expect(recipients).toMatchObject([
      { state: 'deferred', error: { ambiguous: true, scope: 'recipient' } },
      { state: 'sent' },
    ]);
    expect([second.connections, other.mails.length]).toEqual([0, 1]);
  });

  it('takes the message and is given up on before it answers: nobody knows still', async () => {
    const first = await faultyServer({ host: '127.0.0.2', script: { dot: { do: 'hang' } } });
    const direct = directTransport(await dnsServer(zone), { port: first.port, timeouts: { data: 500 } });
    const giveUp = new AbortController();
    const sending = send(direct, 'a@acme.test', { signal: giveUp.signal });
    await first.reached('dot');
    giveUp.abort();
    expect((await sending).recipients).toMatchObject([{ state: 'deferred', error: { ambiguous: true } }]);
  });

  it('is down, and the second too: the recipient waits, and the transport is not to blame', async () => {
    const free = await smtpServer({ host: '127.0.0.9' });
    const direct = directTransport(await dnsServer(zone), { port: free.port });
    for (let attempt = 1; attempt <= 3; attempt++) {
      const { recipients } = await send(direct, 'a@acme.test', { attempt });
      expect(recipients).toMatchObject([
        { state: 'deferred', error: { scope: 'recipient', permanent: false, code: 'ECONNREFUSED' } },
      ]);
      expect(recipients[0]!.error!.retryAfter).toEqual(attempt === 1 ? undefined : expect.any(Number));
    }
  });
});

describe('happy eyeballs', () => {
  it('takes the address that answers, whichever family it is of', async () => {
    const four = await smtpServer({ host: '127.0.0.2' });
    const dns = await dnsServer({
      'acme.test': { MX: '10 mx.acme.test' },
      'mx.acme.test': { A: '127.0.0.2', AAAA: '::1' },
    });
    expect(statesOf(await send(directTransport(dns, { port: four.port }), 'a@acme.test'))).toBe('a@acme.test sent');
    const six = await smtpServer({ host: '::1' });
    const other = directTransport(dns, { port: six.port });
    expect(statesOf(await send(other, 'a@acme.test'))).toBe('a@acme.test sent');
    expect(six.mails).toHaveLength(1);
  });

  it('uses the addresses there are when the DNS fails for one family', async () => {
    const server = await smtpServer({ host: '127.0.0.2' });
    const dns = await dnsServer({
      'acme.test': { MX: '10 mx.acme.test' },
      'mx.acme.test': { A: '127.0.0.2', fails: { AAAA: 'SERVFAIL' } },
    });
    expect(statesOf(await send(directTransport(dns, { port: server.port }), 'a@acme.test'))).toBe('a@acme.test sent');
  });
});
