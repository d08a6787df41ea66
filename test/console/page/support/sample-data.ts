// What a relay that has been at work for a while would answer: the same every time.

export const NOW = Date.parse('2026-11-28T12:00:00Z');
const MINUTE = 60_000;

const SUBJECTS = [
  ['WelcomeMail', 'Welcome to Acme, Ada', ['signup']],
  ['InvoiceMail', 'Invoice 2026-1184', ['billing']],
  ['PasswordResetMail', 'Reset your password', ['security']],
  ['DigestMail', 'Your week at Acme: 12 new comments', ['digest', 'weekly']],
  ['ShippedMail', 'Your order has been shipped', ['orders']],
] as const;
const PEOPLE = ['ada', 'grace', 'edsger', 'barbara', 'linus', 'margaret', 'alan', 'katherine'];
const STATES = ['delivered', 'sent', 'delivered', 'deferred', 'delivered', 'bounced', 'queued', 'delivered', 'failed'];

export interface SampleMail {
  id: string;
  messageId: string;
  mail: string;
  subject: string;
  from: string;
  to: string[];
  recipients: number;
  state: string;
  states: Record<string, number>;
  stream: string;
  tags: readonly string[];
  transport: string;
  at: string;
  changedAt: string;
  size: number;
  attachments: number;
  opened?: number;
  why?: string;
  due?: string;
}

/** The `index`th newest. */
export function sampleMail(index: number, now = NOW): SampleMail {
  const [mail, subject, tags] = SUBJECTS[index % SUBJECTS.length]!;
  const state = STATES[index % STATES.length]!;
  const digest = mail === 'DigestMail';
  const at = new Date(now - (index * 7 + 1) * MINUTE).toISOString();
  return {
    id: `0193b7c2-${String(index).padStart(8, '0')}`,
    messageId: `<${index}.0193b7c2@acme.test>`,
    mail,
    subject,
    from: 'Acme <hello@acme.test>',
    to: [`${PEOPLE[index % PEOPLE.length]}@example.test`],
    recipients: 1,
    state,
    states: { [state]: 1 },
    stream: digest ? 'broadcast' : 'transactional',
    tags,
    transport: index % 3 ? 'ses' : 'postmark',
    at,
    changedAt: at,
    size: 14_200 + index * 37,
    attachments: mail === 'InvoiceMail' ? 1 : 0,
    ...(state === 'delivered' && index % 2 === 0 && { opened: 2 }),
    ...(WORDS[state] && { why: WORDS[state] }),
    ...(state === 'deferred' && { due: new Date(now + 12 * MINUTE).toISOString() }),
  };
}

const WORDS: Record<string, string> = {
  deferred: '451 4.7.1 Greylisting in action, please come back later',
  bounced: '550 5.1.1 The email account that you tried to reach does not exist',
  failed: '554 5.7.1 Message rejected: the sender domain is not verified',
  queued: 'stream transactional is paused',
};

export function detailOf(mail: SampleMail): object {
  const words = WORDS[mail.state];
  const error = words === undefined ? undefined : { message: words, replyCode: Number(words.slice(0, 3)) || undefined };
  const event = (type: string, minutes: number, more: object = {}) => ({
    id: `${mail.id}-${type}-${minutes}`,
    type,
    recipient: mail.to[0],
    timestamp: new Date(Date.parse(mail.at) + (minutes * MINUTE) / 12).toISOString(),
    provider: minutes ? mail.transport : 'relay',
    ...more,
  });
  const after: Record<string, object[]> = {
    delivered: [
      event('sent', 0.5),
      event('delivered', 2),
      event('opened', 2, { machine: true, userAgent: 'Mozilla/5.0 (Apple Mail Privacy Protection)' }),
      event('opened', 9),
      event('clicked', 10, { url: 'https://acme.test/start' }),
    ],
    sent: [event('sent', 0.5)],
    bounced: [event('sent', 0.5), event('bounced', 3, { description: words })],
    deferred: [event('deferred', 1, { description: words })],
    failed: [event('failed', 1, { description: words })],
  };
  return {
    ...mail,
    metadata: { plan: 'pro' },
    envelopeFrom: 'bounces@acme.test',
    recipientStates: [{ address: mail.to[0], state: mail.state, ...(error && { error }) }],
    attempts:
      mail.state === 'queued'
        ? []
        : [
            {
              transport: mail.transport,
              at: new Date(Date.parse(mail.at) + 2_000).toISOString(),
              outcome: mail.state === 'delivered' ? 'sent' : mail.state,
              ...(error && { error: { ...error, scope: 'recipient', ambiguous: false } }),
              passed: mail.transport === 'postmark' ? [{ transport: 'ses', error: 'its breaker is open' }] : [],
            },
          ],
    events: [event('queued', 0), ...(after[mail.state] ?? [])],
    content: 'available',
    retryable: ['failed', 'bounced'].includes(mail.state),
    cancellable: ['queued', 'deferred'].includes(mail.state),
  };
}

export function contentOf(subject: string, html = SAMPLE_HTML): object {
  return {
    subject,
    from: 'Acme <hello@acme.test>',
    to: ['ada@example.test'],
    cc: [],
    replyTo: [],
    date: new Date(NOW).toISOString(),
    headers: [
      ['From', 'Acme <hello@acme.test>'],
      ['To', 'Ada <ada@example.test>'],
      ['Subject', subject],
      ['Message-ID', '<1.0193b7c2@acme.test>'],
      ['List-Unsubscribe', '<https://acme.test/unsubscribe/4f1c>, <mailto:unsubscribe@acme.test>'],
    ],
    html,
    text: 'Welcome, Ada\n\nYour pro account is ready: https://acme.test/start\n',
    attachments: [{ index: 0, filename: 'terms.pdf', contentType: 'application/pdf', size: 48_213 }],
    size: 71_402,
    links: [
      { url: 'https://acme.test/start', text: 'Open your account', kind: 'http' },
      {
        url: 'http://acme.test/help',
        text: 'https://help.acme.test',
        kind: 'http',
        warning: 'The text names another address.',
      },
      { url: 'mailto:hello@acme.test', text: 'Write to us', kind: 'mailto' },
    ],
    warnings: [
      {
        code: 'image-alt',
        severity: 'warn',
        message: 'An image has no alt text.',
        help: 'Give each <img> an alt text, or alt="".',
      },
      {
        code: 'css-grid',
        severity: 'info',
        message: 'display: grid is dropped by Outlook.',
        help: 'Use a table for the layout.',
      },
    ],
  };
}

export const SAMPLE_HTML = `<!doctype html><html><body style="margin:0;background:#eef2f7;font-family:sans-serif">
<table role="presentation" width="100%"><tr><td align="center" style="padding:32px 12px">
<table role="presentation" width="560" style="max-width:100%;background:#fff;border-radius:12px"><tr><td style="padding:36px">
<p style="margin:0 0 20px;color:#2354d3;font-weight:700;letter-spacing:.08em">ACME</p>
<h1 style="margin:0 0 12px;font-size:26px">Welcome, Ada</h1>
<p style="line-height:1.6;color:#444">Your <b>pro</b> account is ready. Invite your team, connect your calendar, and send your first invoice within minutes.</p>
<p style="margin:28px 0"><a href="https://acme.test/start" style="background:#2354d3;color:#fff;padding:13px 24px;border-radius:8px;text-decoration:none">Open your account</a></p>
<p style="color:#667;font-size:13px">You get this mail because you signed up at acme.test.</p>
</td></tr></table></td></tr></table></body></html>`;

export const PREVIEWS = {
  mails: [
    {
      mail: 'WelcomeMail',
      previews: [
        { id: 'WelcomeMail.usual', name: 'usual', locales: ['en', 'de'] },
        { id: 'WelcomeMail.longName', name: 'long name', locales: ['en', 'de'] },
      ],
    },
    {
      mail: 'InvoiceMail',
      previews: [
        { id: 'InvoiceMail.paid', name: 'paid', locales: [] },
        { id: 'InvoiceMail.broken', name: 'overdue', locales: [] },
      ],
    },
  ],
};

export const QUEUE = {
  backend: 'Redis',
  counts: { waiting: 1_284, scheduled: 12, deferred: 37, sending: 8, dead: 26 },
  streams: [
    { name: 'transactional', paused: false },
    {
      name: 'broadcast',
      paused: true,
      why: 'The complaint rate is over 0.1 %',
      until: new Date(NOW + 3_600_000).toISOString(),
    },
  ],
  transports: [
    {
      name: 'ses',
      printed: 'ses+api://default?region=eu-west-1',
      breaker: 'closed',
      paused: false,
      rate: { limit: '14/s', used: 9 },
      quota: { limit: '50000/day', used: 41_870 },
      concurrency: { limit: 10, used: 8 },
    },
    {
      name: 'postmark',
      printed: 'postmark+api://default',
      breaker: 'open',
      why: '503 Service Unavailable',
      until: new Date(NOW + 45_000).toISOString(),
      paused: false,
      concurrency: { limit: 10, used: 0 },
    },
  ],
};

export const SUPPRESSIONS = [
  { address: 'gone@example.test', reason: 'bounced', source: 'ses', at: new Date(NOW - 3 * 86_400_000).toISOString() },
  {
    address: 'angry@example.test',
    reason: 'complained',
    source: 'postmark',
    stream: 'broadcast',
    at: new Date(NOW - 9 * 86_400_000).toISOString(),
  },
  {
    address: 'former@example.test',
    reason: 'unsubscribed',
    stream: 'broadcast',
    tenant: 'eu',
    at: new Date(NOW - 40 * 86_400_000).toISOString(),
  },
  {
    address: 'legal@example.test',
    reason: 'manual',
    source: 'administrator',
    at: new Date(NOW - 90 * 86_400_000).toISOString(),
    expires: new Date(NOW + 90 * 86_400_000).toISOString(),
  },
];

export const DOMAIN = {
  domain: 'acme.test',
  status: 'fail',
  checkedAt: new Date(NOW).toISOString(),
  checks: [
    {
      name: 'spf',
      subject: 'acme.test',
      status: 'pass',
      summary: 'SPF lets Amazon SES send, with 3 of 10 look-ups.',
      details: [],
    },
    {
      name: 'dkim',
      subject: 's2026._domainkey.acme.test',
      status: 'fail',
      summary: 'No key is published at this name.',
      details: ['Mails that are signed with it fail DKIM everywhere.'],
      record: {
        name: 's2026._domainkey.acme.test',
        type: 'TXT',
        value: `v=DKIM1; k=rsa; p=${'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A'.repeat(6)}`,
      },
    },
    {
      name: 'dmarc',
      subject: '_dmarc.acme.test',
      status: 'warn',
      summary: 'The policy is none: nobody is protected.',
      details: [
        'Reports are sent to dmarc@acme.test.',
        'Go to quarantine when the reports show no mail of yours that fails.',
      ],
      record: { name: '_dmarc.acme.test', type: 'TXT', value: 'v=DMARC1; p=quarantine; rua=mailto:dmarc@acme.test' },
    },
    { name: 'bimi', subject: 'acme.test', status: 'skip', summary: 'Not asked for.', details: [] },
  ],
};

/** Made from the day's number: weekends are quiet. */
export function statistics(days: number, by: string): object {
  const names = Array.from({ length: days }, (_, index) =>
    new Date(NOW - (days - 1 - index) * 86_400_000).toISOString().slice(0, 10),
  );
  const wave = (scale: number, turn = 0) =>
    names.map((name, index) => {
      const weekend = [0, 6].includes(new Date(name).getUTCDay());
      return Math.round(scale * (weekend ? 0.35 : 1) * (1 + 0.25 * Math.sin(index * 1.3 + turn)));
    });
  const counts = (scale: number) => ({
    sent: wave(scale),
    delivered: wave(scale * 0.97),
    deferred: wave(scale * 0.05, 1),
    bounced: wave(scale * 0.015, 2),
    complained: wave(scale * 0.0007, 3),
    opened: wave(scale * 0.38, 1),
    clicked: wave(scale * 0.11, 2),
    machineOpened: wave(scale * 0.24, 3),
    machineClicked: wave(scale * 0.02, 4),
  });
  const keys: Record<string, [string, number][]> = {
    none: [['', 12_400]],
    provider: [
      ['ses', 9_100],
      ['postmark', 3_300],
    ],
    stream: [
      ['transactional', 8_000],
      ['broadcast', 4_400],
    ],
    tag: ['signup', 'billing', 'security', 'digest', 'orders', 'weekly', 'news'].map((tag, index) => [
      tag,
      4_000 / (index + 1),
    ]),
  };
  return {
    days: names,
    series: keys[by]!.map(([key, scale]) => ({ key, counts: counts(scale) })),
    latency: { p50: wave(420), p95: wave(1_900, 1), p99: wave(5_200, 2) },
    rates: [
      {
        provider: 'ses',
        bounceRate: 0.0152,
        complaintRate: 0.0007,
        limits: { bounceRate: 0.05, complaintRate: 0.001, source: 'Amazon SES, Developer Guide: reputation' },
        sent: 254_000,
      },
      {
        provider: 'postmark',
        stream: 'broadcast',
        bounceRate: 0.104,
        complaintRate: 0.0002,
        limits: { bounceRate: 0.1, complaintRate: 0.001, source: 'Postmark, Terms' },
        sent: 92_000,
      },
    ],
  };
}
