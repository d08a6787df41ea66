import { SendStreakTransport } from '../../../lib/index.js';
import type { SendStreakMessage } from '../../../lib/providers/sendstreak/sendstreak.client.js';
import type { ReceivedRequest } from '../../support/http/start-http-server.js';
import { type ArrivedMail, arrivedText, sortedParts } from './arrived-mail.js';
import { httpStage, MISFIT } from './http-stage.js';

/** The message that the pass-through template makes, `{{subject}}` and `{{{html}}}`. */
export const SENDSTREAK_STAGE = httpStage({
  name: 'sendstreak',
  provider: 'sendstreak',
  givesId: false,
  lacks: ['replyTo', 'inline', 'bcc'],
  // Everybody gets a message of their own. Its sender and its id are SendStreak's.
  arrives: ({ recipients, attachments, ...sent }) =>
    recipients.map((address) => ({
      ...sent,
      attachments: attachments.map(({ name, content }) => ({ name, content })),
      recipients: [address],
      to: [{ address }],
      from: undefined,
      messageId: undefined,
    })),
  transport: (baseUrl) => new SendStreakTransport({ key: 'key-1234567890', template: 'relay', baseUrl }),
  answer: (request) =>
    MISFIT.test((request.json() as SendStreakMessage).rcpt)
      ? { status: 400, json: { message: 'Invalid recipient' } }
      : { status: 202, text: '' },
  read,
  own: () => ({ templateSlug: 'relay', variables: {} }),
  extras: { variables: { season: 'variable-of-sendstreak' } },
});

async function read(request: ReceivedRequest): Promise<ArrivedMail> {
  const { rcpt, templateSlug, variables, attachments = [] } = request.json() as SendStreakMessage;
  const { subject, html, text, ...others } = variables as Record<string, string>;
  return {
    recipients: [rcpt],
    to: [{ address: rcpt }],
    cc: [],
    replyTo: [],
    subject: subject!,
    html: arrivedText(html),
    text: arrivedText(text),
    attachments: sortedParts(attachments.map(({ filename, content }) => ({ name: filename, content }))),
    headers: {},
    own: { templateSlug, variables: others },
    seen: request.body.toString(),
    wire: request.body.toString(),
  };
}
