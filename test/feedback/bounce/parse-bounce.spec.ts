import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBounce } from '../../../lib/index.js';
import { AUTO_REPLIES, ORDINARY } from './ordinary-mails.js';
import { PROSE } from './prose-bounces.js';
import { complaint, FROM_SERVER, mail, multipart, notification, ORIGINAL } from './reports.js';

const failed = { final: 'ada@x.test', action: 'failed', status: '5.1.1', diagnostic: '550 5.1.1 no such user' };

describe('a delivery status notification (RFC 3464)', () => {
  it('names its mail, and each recipient with what the server said', async () => {
    const source = notification('It failed.', [
      failed,
      {
        final: 'bob@y.test',
        original: 'list@acme.test',
        action: 'failed',
        status: '5.2.2',
        diagnostic: '552 5.2.2 over quota',
      },
      { final: 'eve@z.test', action: 'delivered', status: '2.0.0' },
    ]);
    expect(await parseBounce(source)).toEqual({
      kind: 'bounce',
      originalMessageId: '<order-1@acme.test>',
      deliveredTo: ['bounces@acme.test'],
      recipients: [
        {
          address: 'ada@x.test',
          action: 'failed',
          status: '5.1.1',
          replyCode: 550,
          reason: 'bad-address',
          diagnostic: '550 5.1.1 no such user',
          permanent: true,
          suppress: true,
        },
        {
          address: 'bob@y.test',
          originalAddress: 'list@acme.test',
          action: 'failed',
          status: '5.2.2',
          replyCode: 552,
          reason: 'mailbox-full',
          diagnostic: '552 5.2.2 over quota',
          permanent: true,
          suppress: false,
        },
        {
          address: 'eve@z.test',
          action: 'delivered',
          status: '2.0.0',
          reason: 'delivered',
          permanent: false,
          suppress: false,
        },
      ],
    });
  });

  it.each([
    ['delayed', '4.4.1', 'delay'],
    ['delivered', '2.1.5', 'delivered'],
    ['relayed', '2.1.9', 'delivered'],
    ['expanded', '2.1.5', 'delivered'],
  ])('is no bounce when it says %s', async (action, status, kind) => {
    const report = await parseBounce(notification('Told.', [{ final: 'ada@x.test', action, status }]));
    expect(report).toMatchObject({ kind, recipients: [{ action, status, permanent: false, suppress: false }] });
  });

  it.each([
    ['a general code', '5.0.0', '550 5.7.1 blocked by policy list', '5.7.1', 550],
    ['a code that the server contradicts', '5.1.1', '552 5.2.2 Over quota', '5.2.2', 552],
    [
      'an answer that the reporter quotes',
      '4.4.7',
      '554 4.4.7 Message expired.<421 4.4.2 Connection timed out>',
      '4.4.2',
      421,
    ],
  ])('takes the server at its own word: %s', async (_, status, diagnostic, wanted, replyCode) => {
    const report = await parseBounce(notification('It failed.', [{ ...failed, status, diagnostic }]));
    expect(report.recipients).toMatchObject([{ status: wanted, replyCode, suppress: false }]);
  });

  it('finds the words in the text where the fields have none', async () => {
    const text = `<ada@x.test>: host mx.x.test said: 550 5.1.1 no such user (in reply to RCPT TO command)`;
    const report = await parseBounce(notification(text, [{ final: 'ada@x.test', action: 'failed', status: '5.0.0' }]));
    expect(report.recipients).toMatchObject([{ status: '5.1.1', replyCode: 550, suppress: true }]);
  });

  it('is read without its part, and inside of another server’s report', async () => {
    const fields =
      'Reporting-MTA: dns; mx.acme.test\n\nFinal-Recipient: rfc822; ada@x.test\nAction: failed\nStatus: 5.1.1\n';
    expect(await parseBounce(mail(FROM_SERVER, `It could not be delivered.\n\n${fields}`))).toMatchObject({
      kind: 'bounce',
      recipients: [{ address: 'ada@x.test', status: '5.1.1' }],
    });
    const inner = notification('It failed.', [failed]).replaceAll('\r\n', '\n').replaceAll('cut', 'inner');
    const wrapped = multipart(FROM_SERVER, 'multipart/mixed', [
      ['text/plain', 'The following could not be delivered.'],
      ['message/rfc822', inner],
    ]);
    expect(await parseBounce(wrapped)).toMatchObject({ kind: 'bounce', recipients: [{ address: 'ada@x.test' }] });
  });

  it('takes addresses beyond ASCII (RFC 6533)', async () => {
    const source = notification('It failed.', [{ ...failed, final: 'jörg@bücher.test' }]).replace(
      'message/delivery-status',
      'message/global-delivery-status',
    );
    expect(await parseBounce(Buffer.from(source))).toMatchObject({ recipients: [{ address: 'jörg@bücher.test' }] });
  });
});

describe('a bounce in prose', () => {
  it.each(Object.entries(PROSE))('%s', async (_, { source, recipients }) => {
    const report = await parseBounce(Buffer.from(source));
    expect(report.kind).toBe('bounce');
    expect(report.recipients).toMatchObject(recipients);
    expect(report.recipients).toHaveLength(recipients.length);
    recipients.forEach((one, index) => expect(report.recipients[index]?.status).toBe(one.status));
  });

  it.each([
    [
      'Delivery Status Notification (Delay)',
      'THIS IS A WARNING ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.\n\nIt has been delayed:\n\n  ada@x.test\n\nIt will be retried for 2 more days.\n',
    ],
    [
      'Warning: message 1a2b3c delayed 24 hours',
      'A message that you sent has not yet been delivered:\n\n  ada@x.test\n\nAttempts will continue; this may be repeated if it remains undelivered.\n',
    ],
  ])('is only late when it says that it will be tried again: %s', async (Subject, text) => {
    const report = await parseBounce(mail({ ...FROM_SERVER, Subject }, text));
    expect(report).toMatchObject({
      kind: 'delay',
      recipients: [{ address: 'ada@x.test', action: 'delayed', permanent: false, suppress: false }],
    });
  });

  it('names the mail that it quotes', async () => {
    const report = await parseBounce(PROSE['a recipient in angle brackets, the reason below (qmail)']!.source);
    expect(report.originalMessageId).toBe('<order-1@acme.test>');
  });
});

describe('a complaint (RFC 5965)', () => {
  it.each([
    ['abuse', true],
    ['opt-out', true],
    ['fraud', true],
    ['not-spam', false],
    ['auth-failure', false],
  ])('of type %s holds its recipient back: %s', async (feedbackType, suppress) => {
    const report = await parseBounce(complaint(`Feedback-Type: ${feedbackType}\nOriginal-Rcpt-To: <ada@x.test>\n`));
    expect(report).toMatchObject({
      kind: 'complaint',
      feedbackType,
      originalMessageId: '<order-1@acme.test>',
      recipients: [{ address: 'ada@x.test', suppress }],
    });
  });

  it('whose recipient is hidden is of whom the mail was written to', async () => {
    const report = await parseBounce(
      complaint('Feedback-Type: abuse\n', ORIGINAL.replace('ada@x.test', 'Ada <ada@x.test>, bob@y.test')),
    );
    expect(report.recipients.map(({ address }) => address)).toEqual(['ada@x.test', 'bob@y.test']);
  });
});

describe('what a mailbox answers by itself (RFC 3834)', () => {
  it.each(Object.entries(AUTO_REPLIES))('is an auto-reply: %s', async (_, source) => {
    expect(await parseBounce(Buffer.from(source))).toMatchObject({
      kind: 'auto-reply',
      originalMessageId: '<order-1@acme.test>',
      recipients: [{ address: 'bob@y.test', permanent: false, suppress: false }],
    });
  });
});

describe('an ordinary mail', () => {
  it.each(Object.entries(ORDINARY))('is no bounce: %s', async (_, source) => {
    expect(await parseBounce(Buffer.from(source))).toMatchObject({ kind: 'none', recipients: [] });
  });
});

describe('whatever the bytes are', () => {
  it('never throws', async () => {
    const words = [
      'From: MAILER-DAEMON@x\n',
      'Return-Path: <>\n',
      'Subject: failure notice\n',
      '\n\n',
      '--cut\n',
      '--cut--',
      'Content-Type: multipart/report; boundary=cut\n',
      'Content-Type: message/delivery-status\n\n',
      'Content-Type: text/html; charset=x-unknown\n',
      'Content-Transfer-Encoding: base64\n',
      'Final-Recipient: rfc822;',
      'Action: failed\n',
      'Status: 5.1.1\n',
      '<a@b.c>:',
      '550 5.1.1 ',
      '=?utf-8?b?/w==?=',
      '\u0000',
      '\uD800',
      '>>> RCPT',
      '<<< 550',
      '<a ',
      '{"Message":',
      'From: a@sns.amazonaws.com\n',
    ];
    const pieces = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary' })), { maxLength: 40 });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 4_000 }),
      pieces.map((list) => list.join('')),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (source) => {
        expect((await parseBounce(source)).recipients).toBeInstanceOf(Array);
      }),
      { numRuns: 3_000 },
    );
  });

  it('takes the time of an ordinary report, and no more than a bit', async () => {
    const base = `From: MAILER-DAEMON@x.test\nReturn-Path: <>\nSubject: failure notice\n`;
    const nested = Array.from(
      { length: 1_000 },
      (_, at) => `Content-Type: multipart/mixed; boundary="b${at}"\n\n--b${at}\n`,
    ).join('');
    const part = '--b\nContent-Type: text/plain\n\ncould not be delivered 550\n';
    const hostile: Record<string, string | Buffer> = {
      'ten thousand parts': `${base}Content-Type: multipart/mixed; boundary=b\n\n${part.repeat(10_000)}`,
      'a thousand levels': `${base}${nested}`,
      'fifty megabytes': Buffer.alloc(50 * 1024 * 1024, 'failed 550 '),
      'a report of fifty megabytes': Buffer.concat([
        Buffer.from(`${base}\ncould not be delivered\n`),
        Buffer.alloc(50 * 1024 * 1024, 'a@b '),
      ]),
      'twenty thousand recipients': notification(
        'It failed.',
        Array.from({ length: 20_000 }, () => failed),
      ),
      'one long line': `${base}\ncould not be delivered ${'a'.repeat(1_000_000)}`,
      'nothing but at signs': `${base}\ncould not be delivered ${'a@'.repeat(500_000)}`,
      'nothing but tags': `${base}Content-Type: text/html\n\ncould not be delivered ${'<style><a '.repeat(100_000)}`,
      'nothing but encoded words': `Subject: ${'=?utf-8?q?a'.repeat(100_000)}\n${base}\ncould not be delivered`,
      'a header of three hundred thousand fields': `${'X-A: b\n'.repeat(300_000)}${base}\ncould not be delivered`,
    };
    const source = notification('It failed.', [failed]);
    await parseBounce(source);
    const usual = await timed(() => each(200, () => parseBounce(source)));
    for (const [name, bomb] of Object.entries(hostile)) {
      const once = await timed(() => parseBounce(bomb));
      expect(once / usual, name).toBeLessThan(20);
    }
  });
});

async function each(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let at = 0; at < times; at += 1) await work();
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
