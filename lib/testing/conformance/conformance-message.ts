import { randomUUID } from 'node:crypto';
import { createMessage } from '../../compose/create-message.js';
import { bufferedAttachment } from '../../mail/mail-attachment.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';

export interface MessageSetting {
  subject?: string;
  /** In the headers. */
  to?: readonly string[];
  /** Whom the attempt is for; default all. */
  envelopeTo?: readonly string[];
  html?: string;
  /** With an image in the HTML and a file beside it. */
  attached?: boolean;
}

/** A message as the relay hands it to a transport. */
export function conformanceMessage(setting: MessageSetting = {}): MailMessage {
  const { subject = 'Hello', to = ['ada@acme.test'], envelopeTo = to, html, attached = false } = setting;
  const id = randomUUID();
  const addresses = to.map((address) => ({ address }));
  return createMessage(
    {
      v: 1,
      id,
      messageId: `<${id}@acme.test>`,
      acceptedAt: Date.now(),
      notBefore: Date.now(),
      from: { name: 'Acme, Inc.', address: 'hello@acme.test' },
      to: addresses,
      cc: [],
      bcc: [],
      replyTo: [],
      envelope: { from: 'hello@acme.test', to: envelopeTo },
      stream: 'transactional',
      priority: 'normal',
      retry: { maxAge: 86_400_000, delay: 10_000, maxDelay: 3_600_000 },
    },
    { content: { kind: 'inline', subject }, headers: {}, tags: [], metadata: {}, provider: {} },
    attached ? ATTACHMENTS : [],
    { subject, text: 'Grüße, 👋', ...(html !== undefined && { html }), attachments: [] },
  );
}

const ATTACHMENTS = [
  bufferedAttachment({ filename: 'Übersicht 📄.pdf', contentType: 'application/pdf', bytes: Buffer.from('%PDF-1.7') }),
  bufferedAttachment({ filename: 'logo.png', contentType: 'image/png', cid: 'logo', bytes: Buffer.from([1, 2, 3]) }),
];
