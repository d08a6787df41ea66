import { checkHeaders } from '../../mail/headers.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import { allAttachmentBytes } from '../../mime/attachment-bytes.js';
import { attemptRecipients } from '../../transport/attempt-recipients.js';
import { addressList, addressText } from '../address-text.js';
import { postmarkExtras } from './postmark-extras.interface.js';

/** The body of a request to `/email`: https://postmarkapp.com/developer/api/email-api#send-a-single-email */
export interface PostmarkMessage {
  From: string;
  To?: string;
  Cc?: string;
  Bcc?: string;
  ReplyTo?: string;
  Subject: string;
  HtmlBody?: string;
  TextBody?: string;
  Tag?: string;
  Metadata?: Readonly<Record<string, string>>;
  Headers: readonly { Name: string; Value: string }[];
  Attachments?: readonly PostmarkAttachment[];
  MessageStream?: string;
  TrackOpens?: boolean;
  TrackLinks?: string;
}

export interface PostmarkAttachment {
  Name: string;
  /** Base64. */
  Content: string;
  ContentType: string;
  /** With `cid:` in front. */
  ContentID?: string;
}

/**
 * A message as Postmark takes it. Whom it is for is told by the attempt's recipients: Postmark sends to whoever stands in `To`, `Cc` and
 * `Bcc`, and who has the mail already must not get it again.
 *
 * @param stream the ID of Postmark's message stream
 * @throws MailMessageError
 */
export async function postmarkMessage(message: MailMessage, stream: string | undefined): Promise<PostmarkMessage> {
  const { from, replyTo, subject, html, text, tags, metadata, headers, messageId } = message;
  const { to, cc, bcc } = attemptRecipients(message);
  const { trackOpens, trackLinks } = postmarkExtras(message);
  const attachments = await attachmentsOf(message);
  return {
    From: addressText(from),
    ...(to.length > 0 && { To: addressList(to) }),
    ...(cc.length > 0 && { Cc: addressList(cc) }),
    ...(bcc.length > 0 && { Bcc: addressList(bcc) }),
    ...(replyTo.length > 0 && { ReplyTo: addressList(replyTo) }),
    Subject: subject,
    ...(html && { HtmlBody: html }),
    // One of the two must be there, and not empty.
    ...((text || !html) && { TextBody: text || ' ' }),
    ...(tags[0] !== undefined && { Tag: tags[0] }),
    ...(Object.keys(metadata).length > 0 && { Metadata: metadata }),
    Headers: Object.entries({
      ...checkHeaders(headers),
      'Message-ID': messageId,
      // Without it Postmark puts an ID of its own in the place of ours.
      'X-PM-KeepID': 'true',
    }).map(([Name, Value]) => ({ Name, Value })),
    ...(attachments.length > 0 && { Attachments: attachments }),
    ...(stream !== undefined && { MessageStream: stream }),
    ...(trackOpens !== undefined && { TrackOpens: trackOpens }),
    ...(trackLinks !== undefined && { TrackLinks: trackLinks }),
  };
}

async function attachmentsOf({ attachments, html }: MailMessage): Promise<PostmarkAttachment[]> {
  const contents = await allAttachmentBytes(attachments);
  return attachments.map(({ filename, contentType, cid }, index) => ({
    Name: filename ?? cid ?? `attachment-${index + 1}`,
    Content: Buffer.from(contents[index]!).toString('base64'),
    ContentType: contentType,
    ...(cid !== undefined && html && { ContentID: `cid:${cid}` }),
  }));
}
