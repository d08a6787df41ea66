import type { ErrorScope } from '../errors/mail.error.js';

/** What a provider's refusal over HTTP means for the mail. */
export interface HttpVerdict {
  readonly scope: ErrorScope;
  readonly permanent: boolean;
  readonly ambiguous?: boolean;
  readonly reason?: string;
}

/** What a status code means where the provider says no more: RFC 9110 section 15, RFC 6585. */
export function httpVerdict(status: number): HttpVerdict {
  return VERDICTS[status] ?? (status < 500 ? REFUSED : DOWN);
}

const REFUSED: HttpVerdict = { scope: 'message', permanent: true };
const DOWN: HttpVerdict = { scope: 'transport', permanent: false };

const VERDICTS: Readonly<Record<number, HttpVerdict>> = {
  401: { ...DOWN, reason: 'credentials' },
  402: { ...DOWN, reason: 'quota' },
  403: { ...DOWN, reason: 'credentials' },
  // A wrong address of the API says nothing of the mail.
  404: DOWN,
  405: DOWN,
  407: DOWN,
  408: DOWN,
  // The same idempotency key is at work elsewhere.
  409: { scope: 'message', permanent: false },
  413: { ...REFUSED, reason: 'too-large' },
  425: DOWN,
  429: { ...DOWN, reason: 'rate' },
  // Somebody on the way waited for the provider in vain: it may have the mail.
  504: { ...DOWN, ambiguous: true },
};
