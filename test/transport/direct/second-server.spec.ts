import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type RunningDnsServer, startDnsServer } from '../../support/dns-server.js';
import type { MailServer } from '../../support/mta/mail-server.js';
import { startExim } from '../../support/mta/start-exim.js';
import type { FaultScript } from '../../support/smtp/faulty-smtp-server.js';
import { faultyServer } from '../../support/smtp/smtp-fixtures.js';
import { arrived, directRelay, sent } from './direct-relay.js';

let second: MailServer;
let dns: RunningDnsServer;
beforeAll(async () => {
  second = await startExim({ host: '127.0.0.32', mailboxes: ['ada@exim.test', 'bob@exim.test'] });
  dns = await startDnsServer({
    'exim.test': { MX: ['20 second.exim.test', '10 first.exim.test'] },
    'first.exim.test': { A: '127.0.0.31' },
    'second.exim.test': { A: '127.0.0.32' },
  });
}, 300_000);
afterAll(async () => {
  await second?.stop();
  await dns?.close();
});

describe('a domain with two servers, of which the first', () => {
  const hang = { do: 'hang' } as const;

  it.each<[string, FaultScript | undefined]>([
    ['is down', undefined],
    ['has no address that answers as SMTP', { greeting: 'HTTP/1.1 400 Bad Request' }],
    ['refuses everybody', { greeting: { say: '554 5.7.1 Not you', thenClose: true } }],
    ['is busy', { greeting: { say: '421 4.3.2 Too many connections', thenClose: true } }],
    ['hangs up on EHLO', { ehlo: { do: 'reset' } }],
    ['refuses the sender for now', { mail: '451 4.3.0 Disk full' }],
    ['refuses the recipient for now, being in trouble', { rcpt: '451 4.3.5 Lookup failed' }],
    ['refuses the message for now', { dot: '452 4.3.1 Insufficient system storage' }],
    ['hangs before it has said a word', { greeting: hang }],
    ['hangs at EHLO', { ehlo: hang }],
    ['hangs at MAIL', { mail: hang }],
    ['hangs at RCPT', { rcpt: hang }],
    ['hangs at DATA', { data: hang }],
  ])('%s: the second gets the mail, once', async (_how, script) => {
    const first = script && (await faultyServer({ host: '127.0.0.31', port: second.port, script }));
    const mail = await directRelay(dns, second.port, { timeouts: { connect: 500, greeting: 500, command: 500 } });
    const { subject, recipients, attempts } = await sent(mail, ['ada@exim.test', 'bob@exim.test']);
    expect(recipients).toMatchObject([{ state: 'sent' }, { state: 'sent' }]);
    expect(attempts).toHaveLength(1);
    for (const address of ['ada@exim.test', 'bob@exim.test']) {
      await arrived(second, address, subject);
      const mails = await second.mails(address);
      expect(mails.filter((raw) => raw.includes(`\nSubject: ${subject}\n`))).toHaveLength(1);
    }
    if (first) expect(first.connections).toBe(1);
  });

  it('greylists: it gets the mail itself when that comes again', async () => {
    const { port } = second;
    const first = await startExim({ host: '127.0.0.31', port, mailboxes: ['ada@exim.test'], greylist: true });
    onTestFinished(() => first.stop());
    const { subject, recipients, attempts } = await sent(await directRelay(dns, second.port), 'ada@exim.test');
    expect(recipients).toMatchObject([{ state: 'sent' }]);
    expect(attempts.map(({ outcome }) => outcome)).toEqual([
      expect.stringMatching(/^deferred: .*451 4\.7\.1 Greylisted/),
      expect.stringContaining('250 OK id='),
    ]);
    expect(first.log()).toContain('4.7.1 Greylisted');
    await arrived(first, 'ada@exim.test', subject);
    const elsewhere = await second.mails('ada@exim.test');
    expect(elsewhere.some((raw) => raw.includes(`\nSubject: ${subject}\n`))).toBe(false);
  });

  it('is in trouble with one recipient: only he gets his mail from the second', async () => {
    const script: FaultScript = {
      rcpt: ({ address }) => (address === 'bob@exim.test' ? '451 4.3.0 Later' : undefined),
    };
    const first = await faultyServer({ host: '127.0.0.31', port: second.port, script });
    const mail = await directRelay(dns, second.port);
    const { subject, recipients } = await sent(mail, ['ada@exim.test', 'bob@exim.test']);
    expect(recipients).toMatchObject([{ state: 'sent' }, { state: 'sent' }]);
    expect(first.mails.map(({ to }) => to)).toEqual([['ada@exim.test']]);
    await arrived(second, 'bob@exim.test', subject);
    const mails = await second.mails('ada@exim.test');
    expect(mails.some((raw) => raw.includes(`\nSubject: ${subject}\n`))).toBe(false);
  });

  it('does not know the recipient: that holds, and the second is not asked', async () => {
    const first = await faultyServer({
      host: '127.0.0.31',
      port: second.port,
      script: { rcpt: '550 5.1.1 No such user' },
    });
    const { recipients } = await sent(await directRelay(dns, second.port), 'ada@exim.test');
    expect(recipients).toMatchObject([{ state: 'bounced', error: { enhancedCode: '5.1.1' } }]);
    expect(first.connections).toBe(1);
  });
});
