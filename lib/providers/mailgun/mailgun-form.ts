import { checkHeaders } from '../../mail/headers.js';
import type { MailAddress, MailMessage } from '../../mail/mail-message.interface.js';
import { allAttachmentBytes } from '../../mime/attachment-bytes.js';
import { attemptRecipients } from '../../transport/attempt-recipients.js';
import type { FormField } from '../../transport/http/multipart-body.js';
import { addressList, addressText } from '../address-text.js';
import { mailgunExtras } from './mailgun-extras.interface.js';
import { sendingFields, variableFields } from './mailgun-sending-options.js';

/**
 * A message with its own bytes. Only `to` says whom it is for, so its To and Cc show everybody, as they should, whoever has it already.
 * https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages/post-v3--domain-name--messages-mime
 *
 * @throws MailMessageError
 */
export async function mimeForm(message: MailMessage, to: readonly string[]): Promise<FormField[]> {
  return [
    ...to.map((address): FormField => ['to', address]),
    ...sendingFields(message),
    ...variableFields(message),
    ['message', { filename: 'message.mime', contentType: 'message/rfc822', content: await message.raw() }],
  ];
}

/**
 * A message in parts, from which Mailgun makes one. It sends to whoever stands in `to`, `cc` and `bcc`: those who are not among the
 * attempt's recipients are left out.
 * https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages/post-v3--domain-name--messages
 *
 * @throws MailMessageError
 */
export async function fieldsForm(message: MailMessage, to: readonly string[]): Promise<FormField[]> {
  const { recipientVariables: own } = mailgunExtras(message);
  return [
    ...recipientFields(attemptRecipients({ ...message, envelope: { ...message.envelope, to } }), own),
    ...contentFields(message),
    ['h:Message-Id', message.messageId],
    ...sendingFields(message),
    ...variableFields(message),
    ...(await attachmentFields(message)),
  ];
}

/** What all copies of a message have in common. */
export function contentFields({ from, replyTo, subject, text, html, headers }: MailMessage): FormField[] {
  return [
    ['from', addressText(from)],
    ['subject', subject],
    // One of the two must be there, and not empty.
    ...(text || !html ? [['text', text || ' '] satisfies FormField] : []),
    ...(html ? [['html', html] satisfies FormField] : []),
    ...(replyTo.length > 0 ? [['h:Reply-To', addressList(replyTo)] satisfies FormField] : []),
    ...Object.entries(checkHeaders(headers)).map(([name, value]): FormField => [`h:${name}`, value]),
  ];
}

type Recipients = ReturnType<typeof attemptRecipients>;

function recipientFields({ to, cc, bcc }: Recipients, own: object | undefined): FormField[] {
  const everybody = [...to, ...cc, ...bcc];
  // With variables of their own, everybody gets a message of their own; so do those who must not see each other.
  if (own || (to.length === 0 && cc.length === 0)) {
    const variables = Object.fromEntries(everybody.map(({ address }) => [address, own ?? {}]));
    return [...named('to', everybody), ['recipient-variables', JSON.stringify(variables)]];
  }
  // There must be a `to`.
  if (to.length === 0) return [...named('to', cc), ...named('bcc', bcc)];
  return [...named('to', to), ...named('cc', cc), ...named('bcc', bcc)];
}

function named(field: string, addresses: readonly MailAddress[]): FormField[] {
  return addresses.map((address): FormField => [field, addressText(address)]);
}

/** An inline part is found by its file name. */
async function attachmentFields({ attachments, html }: MailMessage): Promise<FormField[]> {
  const contents = await allAttachmentBytes(attachments);
  return attachments.map(({ filename, contentType, cid }, index): FormField => {
    const inline = cid !== undefined && html;
    const name = (inline ? cid : filename) ?? cid ?? `attachment-${index + 1}`;
    return [inline ? 'inline' : 'attachment', { filename: name, contentType, content: contents[index]! }];
  });
}
