import { meaningOf } from '../../errors/refusal-words.js';
import type { BouncedRecipient, BounceReport, RecipientAction } from './bounce-report.interface.js';
import { replyCodeIn } from './bounce-codes.js';
import { addressesIn } from './addresses-in.js';
import { headerOf, type MimePart } from './mime-reader.js';

/**
 * What Amazon SES tells over a topic that a mailbox is subscribed to; `null` for anything else.
 * https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
 */
export function readSesNotification(whole: MimePart, words: string): BounceReport | null {
  if (!addressesIn(headerOf(whole, 'from')).some((from) => /@sns\.amazonaws\.com$/i.test(from))) return null;
  const outer = json(words);
  const told = typeof outer?.['Message'] === 'string' ? json(outer['Message']) : outer;
  if (!told) return null;
  const kind = String(told['notificationType'] ?? told['eventType'] ?? '').toLowerCase();
  const about = told[kind] as Json | undefined;
  if (typeof about !== 'object' || about === null) return null;
  const mail = told['mail'] as { messageId?: unknown } | undefined;
  const rest =
    typeof mail?.messageId === 'string' ? { originalMessageId: `<${mail.messageId}@email.amazonses.com>` } : {};
  switch (kind) {
    case 'bounce':
      return {
        kind: 'bounce',
        ...rest,
        recipients: each(about['bouncedRecipients']).flatMap((one) => bounced(one, about)),
      };
    case 'complaint': {
      const type = about['complaintFeedbackType'];
      const all = each(about['complainedRecipients']).flatMap((one) => named(one, 'failed', 'complaint'));
      const suppress = type !== 'not-spam';
      return {
        kind: 'complaint',
        feedbackType: typeof type === 'string' ? type : 'abuse',
        ...rest,
        recipients: all.map((one) => ({ ...one, permanent: true, suppress })),
      };
    }
    case 'delivery':
      return {
        kind: 'delivered',
        ...rest,
        recipients: each(about['recipients']).flatMap((one) => named(one, 'delivered', 'delivered')),
      };
    default:
      return null;
  }
}

type Json = Readonly<Record<string, unknown>>;

function bounced(one: unknown, { bounceType }: Json): BouncedRecipient[] {
  const { status, diagnosticCode } = (one ?? {}) as Json;
  const diagnostic = typeof diagnosticCode === 'string' ? diagnosticCode.replace(/^smtp; */i, '').slice(0, 1_000) : '';
  const permanent = bounceType !== 'Transient';
  const code = typeof status === 'string' && /^[45]\.\d{1,3}\.\d{1,3}$/.test(status) ? status : undefined;
  const replyCode = replyCodeIn(diagnostic);
  const { reason, suppress } = meaningOf(diagnostic, code);
  return named(one, 'failed', reason).map((base) => ({
    ...base,
    ...(code !== undefined && { status: code }),
    ...(replyCode !== undefined && { replyCode }),
    ...(diagnostic !== '' && { diagnostic }),
    permanent,
    suppress: permanent && suppress,
  }));
}

function named(one: unknown, action: RecipientAction, reason: string): BouncedRecipient[] {
  const address = addressesIn(String(typeof one === 'string' ? one : (one as Json | null)?.['emailAddress']))[0];
  return address === undefined ? [] : [{ address, action, reason, permanent: false, suppress: false }];
}

function each(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list.slice(0, 1_000) : [];
}

function json(text: string): Json | undefined {
  const start = text.indexOf('{');
  const end = text.lastIndexOf('}');
  if (start < 0 || end < start || end - start > 512 * 1024) return undefined;
  try {
    return JSON.parse(text.slice(start, end + 1).replaceAll(/!?\n ?/g, '')) as Json;
  } catch {
    return undefined;
  }
}
