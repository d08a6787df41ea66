import { MailMessageError } from '../../errors/mail-message.error.js';
import { UnsupportedFeatureError } from '../../errors/unsupported-feature.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import { allAttachmentBytes } from '../../mime/attachment-bytes.js';
import type { SendStreakMessage } from './sendstreak.client.js';
import { sendStreakExtras } from './sendstreak-extras.interface.js';

/** What a transport brings along. */
export interface SendStreakSetting {
  /** The slug of the pass-through template. */
  readonly template?: string;
  /** The sender that is set in SendStreak. */
  readonly from?: string;
}

/**
 * A message as SendStreak takes it, but for its recipient.
 *
 * @throws UnsupportedFeatureError for what cannot be carried, MailMessageError where no template is named
 */
export async function sendStreakMessage(
  message: MailMessage,
  setting: SendStreakSetting,
): Promise<Omit<SendStreakMessage, 'rcpt'>> {
  for (const { feature, asked, why } of UNSUPPORTED) {
    if (asked(message, setting)) throw new UnsupportedFeatureError(feature, 'sendstreak', `SendStreak ${why}`);
  }
  const { template = setting.template, variables } = contentOf(message);
  if (template === undefined)
    throw new MailMessageError(
      'provider.sendstreak.template',
      'is missing: name a template of SendStreak, or give the transport a pass-through `template` for rendered mails',
    );
  const attachments = await attachmentsOf(message);
  return { templateSlug: template, variables, ...(attachments.length > 0 && { attachments }) };
}

function contentOf(message: MailMessage): { template?: string; variables: Readonly<Record<string, unknown>> } {
  const { template, variables = {} } = sendStreakExtras(message);
  if (template !== undefined) return { template, variables };
  const { subject, html, text = '' } = message;
  return { variables: { ...variables, subject, html: html || htmlOf(text), text } };
}

/** A template's body is HTML. */
function htmlOf(text: string): string {
  const escaped = text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<div style="white-space: pre-wrap">${escaped}</div>`;
}

async function attachmentsOf({ attachments }: MailMessage): Promise<{ filename: string; content: string }[]> {
  const contents = await allAttachmentBytes(attachments);
  return attachments.map(({ filename }, index) => ({
    filename: filename ?? `attachment-${index + 1}`,
    content: Buffer.from(contents[index]!).toString('base64'),
  }));
}

interface Unsupported {
  readonly feature: string;
  readonly why: string;
  asked(message: MailMessage, setting: SendStreakSetting): boolean;
}

/** What SendStreak has no field for. It would be lost without a word. */
const UNSUPPORTED: readonly Unsupported[] = [
  { feature: 'cc', why: 'carries no cc', asked: ({ cc }) => cc.length > 0 },
  { feature: 'bcc', why: 'carries no bcc', asked: ({ bcc }) => bcc.length > 0 },
  { feature: 'replyTo', why: 'carries no Reply-To', asked: ({ replyTo }) => replyTo.length > 0 },
  { feature: 'headers', why: 'carries no headers', asked: ({ headers }) => Object.keys(headers).length > 0 },
  { feature: 'tags', why: 'carries no tags', asked: ({ tags }) => tags.length > 0 },
  { feature: 'metadata', why: 'carries no metadata', asked: ({ metadata }) => Object.keys(metadata).length > 0 },
  {
    feature: 'attachments',
    why: 'carries no inline images: give them an address on the web',
    asked: ({ attachments, html }) => attachments.some(({ cid }) => cid !== undefined && html),
  },
  {
    feature: 'from',
    why: 'sends from the address that is set there, not from the one of this mail',
    asked: ({ from }, setting) => setting.from !== undefined && setting.from !== from.address,
  },
];
