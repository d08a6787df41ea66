import { FROM_SERVER, mail, multipart, ORIGINAL } from './reports.js';

/** What a bounce without fields says of its recipients. */
export interface ProseCase {
  source: string;
  recipients: readonly { address: string; status?: string; replyCode?: number; reason: string; suppress: boolean }[];
}

const ada = { address: 'ada@x.test' };

/** Bounces in prose, in the forms of the servers that write so, in our own words. */
export const PROSE: Readonly<Record<string, ProseCase>> = {
  'a recipient in angle brackets, the reason below (qmail)': {
    source: mail(
      { ...FROM_SERVER, Subject: 'failure notice' },
      `Hi. This is the mail program at mx.acme.test.\nI could not deliver your message to the following addresses.\n\n<ada@x.test>:\n192.0.2.7 does not like recipient.\nRemote host said: 550 5.1.1 no such user\nGiving up on 192.0.2.7.\n\n--- Below this line is a copy of the message.\n\n${ORIGINAL}`,
    ),
    recipients: [{ ...ada, status: '5.1.1', replyCode: 550, reason: 'bad-address', suppress: true }],
  },
  'an indented recipient, named in the header too (Exim)': {
    source: mail(
      {
        ...FROM_SERVER,
        Subject: 'Mail delivery failed: returning message to sender',
        'X-Failed-Recipients': 'ada@x.test',
      },
      `A message that you sent could not be delivered to one of its recipients. The following address failed:\n\n  ada@x.test\n    host mx.x.test [192.0.2.7]\n    SMTP error from remote mail server after RCPT TO:<ada@x.test>:\n    550 no such user here\n\n------ This is a copy of the message, including all the headers. ------\n\n${ORIGINAL}`,
    ),
    recipients: [{ ...ada, replyCode: 550, reason: 'bad-address', suppress: true }],
  },
  'a dialogue with two recipients (Sendmail before 8.8)': {
    source: mail(
      { ...FROM_SERVER, Subject: 'Returned mail: User unknown' },
      `   ----- Transcript of session follows -----\nWhile talking to mx.x.test:\n>>> RCPT To:<ada@x.test>\n<<< 550 5.1.1 no such user\n550 <ada@x.test>... User unknown\nWhile talking to mx.y.test:\n>>> RCPT To:<bob@y.test>\n<<< 552 5.2.2 mailbox full\n552 <bob@y.test>... Mailbox full\n\n   ----- Unsent message follows -----\n${ORIGINAL}`,
    ),
    recipients: [
      { ...ada, status: '5.1.1', replyCode: 550, reason: 'bad-address', suppress: true },
      { address: 'bob@y.test', status: '5.2.2', replyCode: 552, reason: 'mailbox-full', suppress: false },
    ],
  },
  'what was wanted and what was not reached (Exchange)': {
    source: mail(
      { ...FROM_SERVER, From: 'System Administrator <postmaster@acme.test>', Subject: 'Undeliverable: Your order' },
      'Your message\n\n  To:      info@acme.test\n  Subject: Your order\n\ndid not reach the following recipient(s):\n\nada@x.test on Mon, 2 Nov 2026 10:00:00 +0000\n    The recipient name is not recognized\n',
    ),
    recipients: [{ ...ada, reason: 'bad-address', suppress: true }],
  },
  'a subject that repeats that of the mail': {
    source: mail(
      { ...FROM_SERVER, Subject: 'Undeliverable: Our newsletter, a digest of November' },
      'Your message did not reach the following recipients:\n\nada@x.test\n    550 5.1.1 no such user\n',
    ),
    recipients: [{ ...ada, status: '5.1.1', replyCode: 550, reason: 'bad-address', suppress: true }],
  },
  'HTML alone': {
    source: multipart({ ...FROM_SERVER, Subject: 'Delivery Failure' }, 'multipart/alternative', [
      [
        'text/html',
        '<html><head><style>p { color: red }</style></head><body><p>Your message could not be delivered to:</p><p>&lt;ada@x.test&gt;:</p><pre>550 5.2.2 over quota</pre></body></html>',
      ],
    ]),
    recipients: [{ ...ada, status: '5.2.2', replyCode: 550, reason: 'mailbox-full', suppress: false }],
  },
  'another alphabet': {
    source: mail(
      { ...FROM_SERVER, Subject: 'Mail', 'Content-Type': 'text/plain; charset=utf-8' },
      '次の宛先に送信できませんでした。\n\n<ada@x.test>:\n550 5.1.1 User unknown\n',
    ).replace(/[^\r\n]*次[^]*/, (text) => Buffer.from(text).toString('utf8')),
    recipients: [{ ...ada, status: '5.1.1', replyCode: 550, reason: 'bad-address', suppress: true }],
  },
  'a filter that has seen the mail and says that nobody is there': {
    source: mail(
      { ...FROM_SERVER },
      `<ada@x.test>: host mx.x.test[192.0.2.7] said: 550 Unknown user ada@x.test (in reply to end of DATA command)\n`,
    ),
    recipients: [{ ...ada, replyCode: 550, reason: 'bad-address', suppress: false }],
  },
  'a domain that is not there': {
    source: mail(
      { ...FROM_SERVER },
      `<ada@x.test>: Host or domain name not found. Name service error for name=x.test type=MX: Host not found\n`,
    ),
    recipients: [{ ...ada, reason: 'bad-domain', suppress: true }],
  },
  'a name server that did not answer': {
    source: mail(
      { ...FROM_SERVER },
      `<ada@x.test>: Host or domain name not found. Name service error for name=x.test: Host not found, try again\n`,
    ),
    recipients: [{ ...ada, reason: 'bad-domain', suppress: false }],
  },
};
