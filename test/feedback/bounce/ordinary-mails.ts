import { FROM_SERVER, mail, multipart, notification, ORIGINAL } from './reports.js';

const PERSON = { 'Return-Path': '<bob@y.test>', From: 'Bob <bob@y.test>', To: 'support@acme.test' };
const bounce = notification('<ada@x.test>: 550 5.1.1 no such user', [
  { final: 'ada@x.test', action: 'failed', status: '5.1.1', diagnostic: '550 5.1.1 no such user' },
]);

/** Mails that are no bounces, though much in them looks like one. */
export const ORDINARY: Readonly<Record<string, string>> = {
  'a letter': mail({ ...PERSON, Subject: 'Lunch' }, 'At one?\n\nBob'),
  'a newsletter about deliverability': mail(
    { ...PERSON, Subject: 'Why was your mail undeliverable? 5 tips', 'List-Unsubscribe': '<mailto:off@y.test>' },
    'Mailboxes answer 550 5.1.1 for users that are unknown. Ask tips@y.test for more.',
  ),
  'a newsletter with no way out': mail(
    { ...PERSON, From: 'Mail tips <news@y.test>', Subject: 'Delivery failed? Returned mail?' },
    'Your message could not be delivered: 550 user unknown. Read how ada@x.test mended it.',
  ),
  'a ticket that quotes a 550': mail(
    { ...PERSON, Subject: '[#4711] Mails to a customer do not arrive' },
    'Hello,\n\nwe get this since Monday:\n\n<ada@x.test>: host mx.x.test said: 550 5.1.1 <ada@x.test>: User unknown (in reply to RCPT TO command)\n\nCan you help?',
  ),
  'an answer to a bounce': mail(
    { ...PERSON, Subject: 'Re: Undelivered Mail Returned to Sender' },
    'I have a new address.\n\n> <ada@x.test>: 550 5.1.1 user unknown\n> Mail Delivery System',
  ),
  'an answer of a postmaster': mail(
    { ...PERSON, From: 'Postmaster <postmaster@y.test>', Subject: 'Re: Please take us off your list' },
    'Done.\n\n> <ada@x.test>: 550 5.7.1 blocked, mail to postmaster@y.test could not be delivered',
  ),
  'a bounce that a colleague forwards in his text': mail(
    { ...PERSON, Subject: 'Fwd: Undelivered Mail Returned to Sender' },
    `Look:\n\n-------- Forwarded Message --------\nFrom: MAILER-DAEMON@mx.acme.test\n\n<ada@x.test>: 550 5.1.1 no such user`,
  ),
  'a bounce that a colleague attaches': multipart({ ...PERSON, Subject: 'What is this?' }, 'multipart/mixed', [
    ['text/plain', 'This came today.'],
    ['message/rfc822', bounce.replaceAll('\r\n', '\n').replaceAll('--cut', '--inner').replace('"cut"', '"inner"')],
  ]),
  'a parcel that could not be delivered': mail(
    { From: 'Parcels <no-reply@parcels.test>', To: 'ada@acme.test', Subject: 'Delivery failed: nobody was at home' },
    'We could not deliver your parcel to ada@acme.test. Error 550.',
  ),
  'a quarantine digest': mail(
    { ...FROM_SERVER, From: 'postmaster@acme.test', Subject: 'Quarantine digest: 3 messages' },
    'These messages to ada@acme.test could not be delivered because they were rejected as spam.',
  ),
  'a DMARC report': mail(
    { ...FROM_SERVER, From: 'postmaster@host.test', Subject: 'Report domain: acme.test Submitter: host.test' },
    'Aggregate report. 3 messages failed and were rejected for ada@x.test.',
  ),
  'a receipt': multipart(
    { ...PERSON, Subject: 'Read: Your order' },
    'multipart/report; report-type=disposition-notification',
    [
      ['text/plain', 'Your message to bob@y.test was read.'],
      [
        'message/disposition-notification',
        'Final-Recipient: rfc822; bob@y.test\nDisposition: manual-action/MDN-sent-manually; displayed',
      ],
    ],
  ),
  'a note that a mail was deleted unread': multipart(
    { ...FROM_SERVER, From: 'postmaster@y.test', Subject: 'Not read: Your order' },
    'multipart/report; report-type=disposition-notification',
    [
      ['text/plain', 'Your message to bob@y.test could not be read: it was deleted.'],
      [
        'message/disposition-notification',
        'Final-Recipient: rfc822; bob@y.test\nDisposition: automatic-action/MDN-sent-automatically; deleted',
      ],
    ],
  ),
  'an invitation': multipart({ ...PERSON, Subject: 'Failure review' }, 'multipart/alternative', [
    ['text/plain', 'Failure review on Monday'],
    ['text/calendar', 'BEGIN:VCALENDAR\nORGANIZER:mailto:bob@y.test\nEND:VCALENDAR'],
  ]),
  'a log by cron': mail(
    {
      ...FROM_SERVER,
      'Return-Path': '<root@acme.test>',
      From: 'root@acme.test (Cron Daemon)',
      Subject: 'Cron <root@acme> backup',
    },
    'error: could not send to ada@x.test: 550 5.1.1 user unknown',
  ),
  'a mail about a mail': multipart({ ...PERSON, Subject: 'Your order' }, 'multipart/mixed', [
    ['text/plain', 'Is this from you?'],
    ['message/rfc822', ORIGINAL],
  ]),
  'a customer who complains': multipart({ ...PERSON, Subject: 'Complaint about my order' }, 'multipart/mixed', [
    ['text/plain', 'This is what you wrote to me. I am not happy.'],
    ['message/rfc822', ORIGINAL],
  ]),
  'nothing at all': '',
  'no header': 'Just a text, 550 5.1.1 user unknown.',
};

/** What mailboxes answer by themselves. */
export const AUTO_REPLIES: Readonly<Record<string, string>> = {
  'by its field': mail(
    { ...PERSON, Subject: 'Your order', 'Auto-Submitted': 'auto-replied', 'In-Reply-To': '<order-1@acme.test>' },
    'I am away until Monday; write to eve@y.test.',
  ),
  'in English': mail(
    { ...PERSON, Subject: 'Out of office: Your order', 'In-Reply-To': '<order-1@acme.test>' },
    'Your message could not be read.',
  ),
  'in German': mail(
    { ...PERSON, Subject: 'Abwesenheitsnotiz: Ihre Bestellung', 'In-Reply-To': '<order-1@acme.test>' },
    'Ihre Nachricht konnte nicht zugestellt werden? Doch, ich bin im Urlaub. Fehler 550.',
  ),
  'in Japanese': mail(
    { ...PERSON, Subject: '=?utf-8?B?6Ieq5YuV6L+U5L+hOiDjgYrjgY/jgovjgb4=?=', 'In-Reply-To': '<order-1@acme.test>' },
    '=?',
  ),
  'with no return path': mail(
    {
      ...PERSON,
      'Return-Path': '<>',
      Subject: 'Automatische Antwort: Order',
      'X-Autoreply': 'yes',
      'In-Reply-To': '<order-1@acme.test>',
    },
    'Weg bis Montag.',
  ),
};
