import { randomUUID } from 'node:crypto';
import type { MailMessage } from '../../../lib/mail/mail-message.interface.js';
import type { SendContext } from '../../../lib/transport/mail-transport.js';

export interface TestMessageOptions {
  from?: string;
  to?: string | readonly string[];
  /** The whole message, CRLF line ends; default a short text. */
  raw?: string | Uint8Array;
}

/** A ready-made message for tests of transports: bytes with an envelope. */
export function testMessage({ from = 'ada@acme.test', to = 'bob@x.test', raw }: TestMessageOptions = {}): MailMessage {
  const id = randomUUID();
  const recipients = [to].flat();
  const text = `From: ${from}\r\nTo: ${recipients[0]}\r\nSubject: Hello\r\nMessage-ID: <${id}@acme.test>\r\n\r\nHello there.\r\n`;
  const bytes = typeof raw === 'object' ? raw : Buffer.from(raw ?? text);
  return {
    id,
    messageId: `<${id}@acme.test>`,
    from: { address: from },
    to: recipients.map((address) => ({ address })),
    cc: [],
    bcc: [],
    replyTo: [],
    subject: 'Hello',
    text: 'Hello there.',
    attachments: [],
    headers: {},
    tags: [],
    metadata: {},
    envelope: { from, to: recipients },
    stream: 'transactional',
    provider: {},
    date: new Date(),
    raw: async () => bytes,
  };
}

/** What the relay passes along with a message. */
export function sendContext(context: Partial<SendContext> = {}): SendContext {
  return { signal: new AbortController().signal, attempt: 1, idempotencyKey: randomUUID(), ...context };
}
