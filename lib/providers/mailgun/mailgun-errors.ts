import type { ErrorScope } from '../../errors/mail.error.js';

/** What one of Mailgun's refusals means for the mail. */
export interface MailgunVerdict {
  readonly scope: ErrorScope;
  readonly permanent: boolean;
  readonly ambiguous?: boolean;
  readonly reason?: string;
}

const MESSAGE = { scope: 'message', permanent: true } as const;
const RECIPIENT = { scope: 'recipient', permanent: true } as const;
const TRANSPORT = { scope: 'transport', permanent: false } as const;

/** By HTTP status: https://documentation.mailgun.com/docs/mailgun/quickstart-guide/responses */
const STATUSES: Readonly<Record<number, MailgunVerdict>> = {
  400: MESSAGE,
  401: { ...TRANSPORT, reason: 'credentials' },
  402: { ...TRANSPORT, reason: 'account' },
  403: { ...TRANSPORT, reason: 'credentials' },
  /** The domain is unknown, perhaps only in this region, or for a moment. */
  404: { ...TRANSPORT, reason: 'domain' },
  413: { ...MESSAGE, reason: 'too-large' },
  429: { ...TRANSPORT, reason: 'rate' },
  500: { ...TRANSPORT, ambiguous: true },
  502: { ...TRANSPORT, ambiguous: true },
  /** Not dealt with, RFC 9110 section 15.6.4. */
  503: TRANSPORT,
  504: { ...TRANSPORT, ambiguous: true },
};

/** What Mailgun's words say more exactly than its status, which is 400 or 403 for many an account's trouble. The first that fits counts. */
const WORDS: readonly { readonly words: RegExp; readonly verdict: MailgunVerdict }[] = [
  // "Domain x.test is not allowed to send: account-requests-per-sec limit exceeded, try again after 120 seconds", "... sending too fast"
  { words: /not allowed to send:.*(?:per-sec|too fast|try again)/i, verdict: { ...TRANSPORT, reason: 'rate' } },
  // "... recipient limit exceeded"
  { words: /not allowed to send:.*limit/i, verdict: { ...TRANSPORT, reason: 'quota' } },
  // "... Account disabled", "... Sandbox subdomains are for test purposes only"
  { words: /not allowed to send/i, verdict: { ...TRANSPORT, reason: 'account' } },
  // "to parameter is not a valid address. please check documentation"
  {
    words: /'?\b(?:to|cc|bcc)\b'? parameter is not a valid address/i,
    verdict: { ...RECIPIENT, reason: 'bad-address' },
  },
];

/** What a refusal means. */
export function mailgunVerdict(status: number, words: string): MailgunVerdict | undefined {
  const exact = status < 500 ? WORDS.find((row) => row.words.test(words)) : undefined;
  return exact?.verdict ?? STATUSES[status] ?? (status >= 500 ? STATUSES[500] : undefined);
}

/** "try again after 120 seconds", in milliseconds. */
export function waitInWords(words: string): number | undefined {
  const seconds = /try again after (\d{1,6}) seconds?/i.exec(words)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
