import addressparser from 'nodemailer/lib/addressparser';
import { type MailAddress, PostmarkSmtpTransport, PostmarkTransport } from '../../../lib/index.js';
import type { PostmarkMessage } from '../../../lib/providers/postmark/postmark-message.js';
import type { HttpReply, ReceivedRequest } from '../../support/http/start-http-server.js';
import { type ArrivedMail, arrivedText, lowerCased, sortedParts } from './arrived-mail.js';
import { httpStage, MISFIT } from './http-stage.js';
import { smtpStage } from './smtp-stage.js';
import type { Stage } from './stage.js';

const TOKEN = '6f2d5c1a-token';

export const POSTMARK_STAGES: readonly Stage[] = [
  httpStage({
    name: 'postmark',
    provider: 'postmark',
    givesId: true,
    transport: (baseUrl) => new PostmarkTransport({ token: TOKEN, baseUrl }),
    answer,
    read,
    own: ({ tags: [Tag], metadata: Metadata }) => ({ Tag, Metadata }),
    extras: { MessageStream: 'stream-of-postmark', TrackOpens: true },
  }),
  smtpStage({
    name: 'postmark over SMTP',
    provider: 'postmark',
    ours: true,
    server: { auth: { user: TOKEN, pass: TOKEN } },
    headers: /^x-pm-/,
    transport: (options) => new PostmarkSmtpTransport({ ...options, token: TOKEN }),
    own: ({ tags: [tag], metadata }) => ({
      'x-pm-keepid': 'true',
      'x-pm-tag': tag,
      ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-pm-metadata-${name}`, value])),
    }),
    extras: { 'x-pm-message-stream': 'stream-of-postmark', 'x-pm-trackopens': 'true' },
  }),
];

/** https://postmarkapp.com/developer/api/email-api#send-a-single-email */
function answer(request: ReceivedRequest): HttpReply {
  const { To, Cc, Bcc } = request.json() as PostmarkMessage;
  const misfit = MISFIT.exec([To, Cc, Bcc].join())?.[0];
  if (misfit) return { status: 422, json: { ErrorCode: 300, Message: `Invalid 'To' address: '${misfit}'.` } };
  return { json: { To, SubmittedAt: '2026-07-28T10:11:12Z', MessageID: 'b7bc2f4a', ErrorCode: 0, Message: 'OK' } };
}

async function read(request: ReceivedRequest): Promise<ArrivedMail> {
  const message = request.json() as PostmarkMessage;
  const { From, To, Cc, Bcc, ReplyTo, Subject, HtmlBody, TextBody, Headers, Attachments = [], ...own } = message;
  const {
    'message-id': id,
    'x-pm-keepid': keep,
    ...headers
  } = lowerCased(Headers.map(({ Name, Value }) => [Name, Value]));
  return {
    recipients: [To, Cc, Bcc]
      .flatMap(addresses)
      .map(({ address }) => address)
      .toSorted(),
    from: addresses(From)[0],
    to: addresses(To),
    cc: addresses(Cc),
    replyTo: addresses(ReplyTo),
    subject: Subject,
    text: arrivedText(TextBody),
    html: arrivedText(HtmlBody),
    attachments: sortedParts(
      Attachments.map(({ Name, Content, ContentType, ContentID }) => ({
        ...(ContentID === undefined ? { name: Name } : { cid: ContentID.slice('cid:'.length) }),
        type: ContentType,
        content: Content,
      })),
    ),
    headers,
    messageId: keep === 'true' ? id : undefined,
    own,
    seen: JSON.stringify({ ...message, Bcc: undefined }),
    wire: request.body.toString(),
  };
}

function addresses(field: string | undefined): MailAddress[] {
  return addressparser(field ?? '', { flatten: true }).map(({ name, address }) =>
    name ? { name, address } : { address },
  );
}
