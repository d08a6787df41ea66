import type { ComposedMail } from '../compose/mail-composer.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import type { TransportCapabilities } from '../transport/mail-transport.js';

/** What a mail asks of a transport. */
export interface MailDemands {
  recipients: number;
  cc: number;
  bcc: number;
  replyTo: number;
  /** Attachments with a content id. */
  inline: number;
  tags: number;
  metadata: number;
  headers: number;
  attachments: number;
  /** Of the attachments and bodies, before encoding. */
  bytes: number;
}

/** What a rendered message asks of a transport. */
export function demandsOf({
  envelope,
  cc,
  bcc,
  replyTo,
  tags,
  metadata,
  headers,
  attachments,
}: Pick<
  MailMessage,
  'envelope' | 'cc' | 'bcc' | 'replyTo' | 'tags' | 'metadata' | 'headers' | 'attachments'
>): MailDemands {
  return {
    recipients: envelope.to.length,
    cc: cc.length,
    bcc: bcc.length,
    replyTo: replyTo.length,
    inline: attachments.filter(({ cid }) => cid !== undefined).length,
    tags: tags.length,
    metadata: Object.keys(metadata).length,
    headers: Object.keys(headers).length,
    attachments: attachments.length,
    bytes: attachments.reduce((sum, { size = 0 }) => sum + size, 0),
  };
}

/** What a mail that is not rendered yet will ask, as far as that is known. */
export function demandsOfComposed({ snapshot, body, attachments }: ComposedMail): MailDemands {
  const { envelope, cc, bcc, replyTo } = snapshot;
  const { tags, metadata, headers, content } = body;
  const demands = demandsOf({ envelope, cc, bcc, replyTo, tags, metadata, headers, attachments });
  // Nobody has looked into a finished message yet.
  return content.kind === 'raw' ? { ...demands, attachments: 0 } : demands;
}

/** What a transport lacks for a mail, and in words. */
export function lacks(
  capabilities: TransportCapabilities | undefined,
  demands: MailDemands,
): { feature: string; why: string } | undefined {
  if (!capabilities) return undefined;
  for (const feature of FLAGS) {
    const able = feature === 'bcc' ? (capabilities.bcc ?? capabilities.cc) : capabilities[feature];
    if (able === false && demands[feature] > 0) return { feature, why: `carries no ${feature}` };
  }
  for (const feature of LIMITS) {
    const limit = capabilities[feature];
    if (typeof limit === 'number' && demands[feature] > limit)
      return { feature, why: `takes ${limit} ${feature} at most, this mail has ${demands[feature]}` };
  }
  return undefined;
}

const FLAGS = ['cc', 'bcc', 'replyTo', 'inline', 'tags', 'metadata', 'headers', 'attachments'] as const;
const LIMITS = ['recipients', 'tags', 'bytes'] as const;
