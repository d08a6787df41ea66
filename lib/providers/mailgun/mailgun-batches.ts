import { MailError } from '../../errors/mail.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import type { FormField } from '../../transport/http/multipart-body.js';
import { addressText } from '../address-text.js';
import { mailgunExtras } from './mailgun-extras.interface.js';
import { contentFields } from './mailgun-form.js';
import { sendingFields } from './mailgun-sending-options.js';

/** https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/batch-sending */
export const BATCH = 1000;

/**
 * Messages in groups that one call can carry: alike but for their recipient, metadata and recipient variables, each for one recipient,
 * nobody twice. What is like no other is a group of its own.
 */
export function alike(messages: readonly MailMessage[]): MailMessage[][] {
  const groups: MailMessage[][] = [];
  const open = new Map<string, { group: MailMessage[]; recipients: Set<string> }>();
  for (const message of messages) {
    const key = likeness(message);
    const [recipient = ''] = message.envelope.to;
    let found = key === undefined ? undefined : open.get(key);
    if (!found || found.group.length === BATCH || found.recipients.has(recipient)) {
      found = { group: [], recipients: new Set() };
      groups.push(found.group);
      if (key !== undefined) open.set(key, found);
    }
    found.group.push(message);
    found.recipients.add(recipient);
  }
  return groups;
}

/**
 * One call for a group. Each gets a message of their own; its Message-ID is Mailgun's, and ours is the variable `message-id` of its events.
 *
 * @throws MailMessageError
 */
export function batchForm(messages: readonly MailMessage[]): FormField[] {
  const [first] = messages as [MailMessage];
  const names = [...Object.keys(first.metadata), MESSAGE_ID];
  const variables = messages.map((message): [string, object] => {
    const own = Object.entries({ ...message.metadata, [MESSAGE_ID]: message.messageId });
    const prefixed = Object.fromEntries(own.map(([name, value]) => [`v:${name}`, value]));
    return [message.envelope.to[0]!, { ...mailgunExtras(message).recipientVariables, ...prefixed }];
  });
  return [
    ...messages.map((message): FormField => ['to', addressText(message.to[0]!)]),
    ['recipient-variables', JSON.stringify(Object.fromEntries(variables))],
    ...names.map((name): FormField => [`v:${name}`, `%recipient.v:${name}%`]),
    ...contentFields(first),
    ...sendingFields(first),
  ];
}

const MESSAGE_ID = 'message-id';

/** Undefined for a message that must go alone. */
function likeness(message: MailMessage): string | undefined {
  const { to, cc, bcc, envelope, attachments, metadata } = message;
  if (to.length !== 1 || cc.length > 0 || bcc.length > 0 || attachments.length > 0) return undefined;
  if (envelope.to.length !== 1 || envelope.to[0] !== to[0]!.address) return undefined;
  try {
    return JSON.stringify([contentFields(message), sendingFields(message), Object.keys(metadata)]);
  } catch (error) {
    // What is wrong with it is said when it is sent.
    if (error instanceof MailError) return undefined;
    throw error;
  }
}
