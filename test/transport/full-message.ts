import { Readable } from 'node:stream';
import type { MailMessage } from '../../lib/mail/mail-message.interface.js';
import { composeMime } from '../../lib/mime/compose-mime.js';
import { testMessage } from '../support/smtp/test-message.js';

/** A message with something in every field; its attachment is a stream. */
export function fullMessage(given: Partial<MailMessage> = {}): MailMessage {
  const message: MailMessage = {
    ...testMessage(),
    from: { name: 'Acme', address: 'hello@acme.test' },
    to: [{ name: 'Ada', address: 'ada@x.test' }, { address: 'bob@x.test' }],
    cc: [{ address: 'cy@x.test' }],
    bcc: [{ address: 'dee@x.test' }],
    replyTo: [{ name: 'Help', address: 'help@acme.test' }],
    subject: 'Grüße',
    text: 'Hello there.',
    html: '<p>Hello <img src="cid:logo"></p>',
    attachments: [
      {
        filename: 'terms.pdf',
        contentType: 'application/pdf',
        content: () => Readable.from([Buffer.from('%PDF-'), Buffer.from('1.7')]),
      },
      {
        filename: 'logo.png',
        contentType: 'image/png',
        cid: 'logo',
        content: () => Readable.from([Buffer.from([1, 2, 3])]),
      },
    ],
    headers: { 'X-Tag': 'welcome' },
    envelope: { from: 'bounces@acme.test', to: ['ada@x.test', 'bob@x.test', 'cy@x.test', 'dee@x.test'] },
    locale: 'de',
    ...given,
  };
  return { ...message, raw: async () => composeMime(message) };
}
