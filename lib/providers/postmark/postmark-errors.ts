import type { ErrorScope } from '../../errors/mail.error.js';

/** What one of Postmark's error codes means for the mail. */
export interface PostmarkVerdict {
  readonly scope: ErrorScope;
  readonly permanent: boolean;
  readonly reason?: string;
}

const MESSAGE = { scope: 'message', permanent: true } as const;
const RECIPIENT = { scope: 'recipient', permanent: true } as const;
const TRANSPORT = { scope: 'transport', permanent: false } as const;

/**
 * The error codes of sending, https://postmarkapp.com/developer/api/overview#error-codes: the code in the body decides, whatever the HTTP
 * status is. A code that is not here means what the status means.
 */
export const POSTMARK_ERRORS: Readonly<Record<number, PostmarkVerdict>> = {
  /** Bad or missing API token. */
  10: { ...TRANSPORT, reason: 'credentials' },
  /** Maintenance. */
  100: TRANSPORT,
  /** Invalid email request: an address, a limit, a field. */
  300: MESSAGE,
  /** Sender signature not found. */
  400: { ...MESSAGE, reason: 'sender' },
  /** Sender signature not confirmed. */
  401: { ...MESSAGE, reason: 'sender' },
  /** Invalid JSON. */
  402: MESSAGE,
  /** Invalid request fields. */
  403: MESSAGE,
  /** Not allowed to send: out of credits. */
  405: { ...TRANSPORT, reason: 'quota' },
  /** Inactive recipient: bounced hard, complained, or was suppressed by hand. */
  406: { ...RECIPIENT, reason: 'suppressed' },
  /** JSON required. */
  409: MESSAGE,
  /** Too many batch messages. */
  410: MESSAGE,
  /** Forbidden attachment type. */
  411: { ...MESSAGE, reason: 'attachment-type' },
  /** Account pending approval: only recipients of the sender's own domain. */
  412: { ...TRANSPORT, reason: 'account' },
  /** Account not approved to send. */
  413: { ...TRANSPORT, reason: 'account' },
  /** Invalid server or account. */
  422: { ...TRANSPORT, reason: 'account' },
  /** The message stream does not exist on this server. */
  1235: { ...TRANSPORT, reason: 'message-stream' },
  /** The message stream is of a kind that does not send. */
  1236: { ...TRANSPORT, reason: 'message-stream' },
  /** The IP address is not on the server's list. */
  1480: { ...TRANSPORT, reason: 'ip-address' },
};
